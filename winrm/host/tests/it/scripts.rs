//! `powershell.exe` with scripts that came encoded or over standard input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use winrm_host::{Event, Host};
use winrm_proto::clixml::{Limits, Piece, Stream, TextDecoder};
use winrm_proto::winrs::{Send, Stream as Input, StreamEnd, StreamName};

use crate::peer::{Outcome, Peer};

/// What `powershell.exe` makes of a script and an input.
async fn run(host: &Host, script: &str, input: Option<&'static str>) -> Outcome {
    let mut peer = Peer::of(host).await;
    let shell = peer.shell().await;
    let units: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let line =
        format!("powershell.exe -NoProfile -NonInteractive -EncodedCommand {}", STANDARD.encode(units));
    let command = peer.start(&shell, &line).await;
    if let Some(input) = input {
        let data = Bytes::from_static(input.as_bytes());
        let stream = Input {
            name: StreamName::Stdin,
            command_id: Some(command.clone()),
            data,
            end: StreamEnd::Closed,
        };
        peer.call(&shell.target(), &Send { streams: vec![stream] }).await.unwrap();
    }
    peer.collect(&shell, &command).await
}

/// The streams and texts in a CLIXML document.
fn records(clixml: &str) -> Vec<(Stream, String)> {
    assert!(clixml.starts_with("#< CLIXML\r\n"), "{clixml}");
    let pieces = TextDecoder::new(Limits::default()).push(clixml.as_bytes());
    let records = pieces.iter().filter_map(|piece| match piece {
        Piece::Value { stream, value } => Some((*stream, value.to_string())),
        Piece::Text(_) => None,
    });
    records.collect()
}

#[tokio::test]
async fn a_success_writes_progress_and_nothing_else_to_stderr() {
    let host = Host::builder().start().await.unwrap();
    let outcome = run(&host, "Write-Output 'Größe 日本 😀'", None).await;
    assert_eq!((outcome.stdout.as_str(), outcome.exit_code), ("Größe 日本 😀\r\n", 0));
    let streams: Vec<Stream> = records(&outcome.stderr).into_iter().map(|(stream, _)| stream).collect();
    assert_eq!(streams, [Stream::Progress]);
}

#[tokio::test]
async fn progress_can_be_silenced() {
    let host = Host::builder().start().await.unwrap();
    let outcome = run(&host, "$ProgressPreference = 'SilentlyContinue'; Write-Output quiet", None).await;
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("quiet\r\n", ""));
}

#[tokio::test]
async fn an_error_comes_line_by_line_and_sets_the_exit_code() {
    let host = Host::builder().start().await.unwrap();
    let outcome = run(&host, "Get-Service nosuch", None).await;
    assert_eq!((outcome.stdout.as_str(), outcome.exit_code), ("", 1));
    let errors: String = records(&outcome.stderr)
        .into_iter()
        .filter(|(stream, _)| *stream == Stream::Error)
        .map(|(_, text)| text)
        .collect();
    assert!(
        errors.starts_with("Get-Service : Cannot find any service with service name 'nosuch'.\r\nAt line:1")
    );
    assert!(errors.contains("FullyQualifiedErrorId : NoServiceFoundForGivenName,"));
}

#[tokio::test]
async fn a_long_script_comes_over_standard_input() {
    let host = Host::builder().start().await.unwrap();
    let bootstrap = "& ([ScriptBlock]::Create([Console]::In.ReadToEnd()))";
    let outcome = run(&host, bootstrap, Some("Write-Output 'from stdin'")).await;
    assert_eq!((outcome.stdout.as_str(), outcome.exit_code), ("from stdin\r\n", 0));
    let scripts = host.record().entries().into_iter().filter_map(|entry| match entry.event {
        Event::Script { text } => Some(text),
        _ => None,
    });
    assert_eq!(scripts.collect::<Vec<_>>(), [bootstrap, "Write-Output 'from stdin'"]);
}

#[tokio::test]
async fn more_than_one_command_is_refused_with_the_place() {
    let host = Host::builder().start().await.unwrap();
    let outcome = run(&host, "Get-Service | Out-Null", None).await;
    assert_eq!(outcome.exit_code, 1);
    let errors: String = records(&outcome.stderr).into_iter().map(|(_, text)| text).collect();
    assert!(errors.replace("\r\n", "").contains("line 1, column 13"), "{errors}");
}
