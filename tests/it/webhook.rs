//! Who is told of what waits for a human.

use std::{
    io::{Read as _, Write as _},
    path::PathBuf,
    process::Stdio,
};

use serde_json::Value;

use crate::{
    approve::{guarded, waiting},
    support::errors,
};

/// A server that a webhook can tell, its certificate, and what it was told: one request a connection, each with the
/// same answer.
fn listener(
    folder: &std::path::Path,
    answer: &'static str,
) -> (u16, PathBuf, std::sync::mpsc::Receiver<String>) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let ca = folder.join("webhook.pem");
    std::fs::write(&ca, certified.cert.pem()).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let config = std::sync::Arc::new(config);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (told, tells) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let connection = rustls::ServerConnection::new(std::sync::Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, tcp.unwrap());
            let (mut request, mut some) = (String::new(), [0; 4096]);
            while !request.ends_with('}') {
                let Ok(length @ 1..) = stream.read(&mut some) else { break };
                request.push_str(std::str::from_utf8(&some[..length]).unwrap());
            }
            // A client that does not trust us has left.
            drop(stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()));
            if told.send(request).is_err() {
                break;
            }
        }
    });
    (port, ca, tells)
}

#[test]
fn a_webhook_is_told_of_each_request_once() {
    let (site, config) = guarded();
    let (port, ca, tells) = listener(site.folder.path(), "HTTP/1.1 204 No Content\r\n\r\n");
    let text = std::fs::read_to_string(&config).unwrap();
    let hook = format!("[approval]\nwebhook = 'https://localhost:{port}/hook?token=x'\n");
    std::fs::write(&config, text + &hook).unwrap();
    let run = |trusted: bool| {
        let words = ["exec", "--config", &config, "--", "Restart-Service", "-Name", "W32Time"];
        let mut command = site.command(&words, &[]);
        if trusted {
            command.env("SSL_CERT_FILE", &ca);
        }
        command.stdin(Stdio::null()).output().unwrap()
    };
    // Nobody is told who cannot show that they are the webhook.
    let output = run(false);
    assert_eq!(output.status.code(), Some(79), "{output:?}");
    assert!(errors(&output).contains("the webhook was not told"), "{}", errors(&output));
    assert!(!errors(&output).contains("token"), "{}", errors(&output));
    assert_eq!(tells.recv_timeout(std::time::Duration::from_secs(5)).as_deref(), Ok(""));

    std::fs::remove_dir_all(site.path("state").join("approvals")).unwrap();
    assert_eq!(run(true).status.code(), Some(79));
    let request = tells.recv_timeout(std::time::Duration::from_secs(5)).unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /hook?token=x HTTP/1.1\r\n"), "{head}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["host"], &body["rule"]), (&"localhost".into(), &"restarts".into()));
    assert!(body["judged_form"].as_str().unwrap().ends_with("Restart-Service -Name 'W32Time'"), "{body}");
    assert!(body["digest"].as_str().unwrap().len() == 64 && body["approve"].is_string());
    // Asked again, it is the same request.
    assert_eq!(run(true).status.code(), Some(79));
    assert!(tells.recv_timeout(std::time::Duration::from_millis(300)).is_err());
}

#[test]
fn a_webhook_that_fails_is_told_of_and_keeps_nobody_from_asking() {
    for (answer, words) in [
        ("HTTP/1.1 302 Found\r\nLocation: https://localhost/elsewhere\r\n\r\n", "the webhook answered 302"),
        ("HTTP/1.1 500 Oops\r\n\r\n", "the webhook answered 500"),
        ("220 mail.example ESMTP\r\n", "the webhook's host did not speak HTTP"),
        ("", "the webhook "),
    ] {
        let (site, config) = guarded();
        let (port, ca, _tells) = listener(site.folder.path(), answer);
        let text = std::fs::read_to_string(&config).unwrap();
        let hook = format!("[approval]\nwebhook = 'https://localhost:{port}/hook?token=x'\n");
        std::fs::write(&config, text + &hook).unwrap();
        let words_of_call = ["exec", "--config", &config, "--", "Restart-Service", "-Name", "W32Time"];
        let output = site.command(&words_of_call, &[]).env("SSL_CERT_FILE", &ca).output().unwrap();
        assert_eq!(output.status.code(), Some(79), "{answer}: {output:?}");
        assert!(errors(&output).contains(words), "{answer}: {}", errors(&output));
        assert!(!errors(&output).contains("token"), "{}", errors(&output));
        assert_eq!(waiting(&site, &config).len(), 1, "{answer}");
    }
}
