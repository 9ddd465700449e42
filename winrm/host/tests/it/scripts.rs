//! `powershell.exe` with scripts that came encoded or over standard input.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use winrm_host::{Event, Host};
use winrm_proto::clixml::{ErrorRecord, Limits, Piece, Stream, TextDecoder, Value};
use winrm_proto::winrs::{Send, Stream as Input, StreamEnd, StreamName};
use winrm_proto::wsman::ResourceUri;

use crate::peer::{Outcome, Peer, code};
use crate::pool::Pool;

/// What `powershell.exe` makes of a script and an input.
async fn run(host: &Host, script: &str, input: Option<&'static str>) -> Outcome {
    run_with(host, "", script, input).await
}

/// The same with more options.
async fn run_with(host: &Host, options: &str, script: &str, input: Option<&'static str>) -> Outcome {
    let mut peer = Peer::of(host).await;
    let shell = peer.shell().await;
    let units: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = STANDARD.encode(units);
    let line = format!("powershell.exe {options} -NoProfile -NonInteractive -EncodedCommand {encoded}");
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
    let outcome = run(&host, "Get-Service; Get-Date", None).await;
    assert_eq!(outcome.exit_code, 1);
    let errors: String = records(&outcome.stderr).into_iter().map(|(_, text)| text).collect();
    assert!(errors.replace("\r\n", "").contains("line 1, column 14"), "{errors}");
}

/// The objects and records of a process that was asked for XML.
fn objects(clixml: &str) -> Vec<(Stream, Value)> {
    let pieces = TextDecoder::new(Limits::default()).push(clixml.as_bytes());
    let values = pieces.into_iter().filter_map(|piece| match piece {
        Piece::Value { stream, value } => Some((stream, value)),
        Piece::Text(_) => None,
    });
    values.collect()
}

#[tokio::test]
async fn objects_and_records_come_as_clixml_on_request() {
    let host = Host::builder().start().await.unwrap();
    let script = "try { Get-Service -Name @('W32Time', 'nosuch') } catch { throw }\nexit 0";
    let outcome = run_with(&host, "-OutputFormat XML", script, None).await;
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.stdout.starts_with("#< CLIXML\r\n<Objs "), "{}", outcome.stdout);
    let output = objects(&outcome.stdout);
    assert_eq!(output.len(), 1);
    assert_eq!(output[0].0, Stream::Output);
    assert_eq!(output[0].1.property("Name"), Some(&Value::from("W32Time")));
    let errors: Vec<ErrorRecord> = objects(&outcome.stderr)
        .iter()
        .filter(|(stream, _)| *stream == Stream::Error)
        .map(|(_, value)| ErrorRecord::from_value(value))
        .collect();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].fully_qualified_error_id.as_str().starts_with("NoServiceFoundForGivenName,"));
}

#[tokio::test]
async fn an_error_that_ends_the_pipeline_beats_the_exit_code() {
    let host = Host::builder().start().await.unwrap();
    let script = "try { Get-Service -Nope 1 } catch { throw }\nexit 0";
    let outcome = run_with(&host, "-OutputFormat XML", script, None).await;
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (1, ""));
    let (stream, record) = objects(&outcome.stderr).pop().unwrap();
    assert_eq!(stream, Stream::Error);
    let id = ErrorRecord::from_value(&record).fully_qualified_error_id;
    assert_eq!(id.as_str(), "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetServiceCommand");
}

#[tokio::test]
async fn constants_of_every_kind_are_arguments() {
    let host = Host::builder().start().await.unwrap();
    for (script, expected) in [
        ("Write-Output @('a', 'b') | Measure-Object | Select-Object -ExpandProperty Count", "2"),
        ("Write-Output ([long]'12') | ConvertTo-Json", "12"),
        ("Write-Output ([datetime]'2026-11-21T12:00:00') | Select-Object -ExpandProperty Year", "2026"),
        (
            "Get-WinEvent -FilterHashtable @{'LogName' = 'System'; 'Level' = @(2)} | Measure-Object | \
             Select-Object -ExpandProperty Count",
            "1",
        ),
        ("@('b', 'a') | Sort-Object | Select-Object -First 1", "a"),
        ("$true", "True"),
        ("Get-Service -Name:'W32Time' -ErrorAction:'Stop' | Select-Object -ExpandProperty Name", "W32Time"),
    ] {
        let outcome = run(&host, script, None).await;
        assert_eq!((outcome.stdout.trim(), outcome.exit_code), (expected, 0), "{script}: {}", outcome.stderr);
    }
    for script in
        ["Get-Service $name", "Get-Service \"$name\"", "$x = 1", "Get-Service (Get-Date)", "& 'Get-Date'"]
    {
        let outcome = run(&host, script, None).await;
        assert!(outcome.stderr.contains("NotSimulated"), "{script}: {}", outcome.stdout);
    }
}

#[tokio::test]
async fn a_host_without_powershell_endpoints_runs_powershell_as_a_program() {
    let host = Host::builder().without_powershell_endpoints().start().await.unwrap();
    for name in ["Microsoft.PowerShell", winrm_host::DEMO_ENDPOINT] {
        let refused = Pool::open(&host, ResourceUri::powershell(name).unwrap(), 1).await.map(drop);
        assert_eq!(code(refused), 0x8033_8000, "{name}");
    }
    assert_eq!(run(&host, "Write-Output here", None).await.stdout, "here\r\n");
}
