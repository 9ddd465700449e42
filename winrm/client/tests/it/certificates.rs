//! Whose certificate is believed, and what is said where it is not.

use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use tokio::{io::AsyncWriteExt, net::TcpListener};
use winrm::{
    Cause, Client, ClientConfig, ConnectError, Endpoint, Pin, Pinned, Ran, ShellOptions, TlsError, Trust,
};
use winrm_host::{Certificate, Event, Host, Loopback};

use crate::support::{PATIENCE, config, run, shell};

/// Whether the refusal is the one for the certificate.
type Expected = fn(&TlsError) -> bool;

async fn refusal(config: &ClientConfig) -> Cause {
    let client = Client::new(config).unwrap();
    let error = client.open_shell(ShellOptions::default()).await.unwrap_err();
    assert_eq!(error.ran(), Ran::No);
    error.cause().clone()
}

fn requests(host: &Host) -> usize {
    host.record().entries().iter().filter(|entry| matches!(entry.event, Event::Request(_))).count()
}

#[tokio::test]
async fn a_certificate_that_is_wrong_is_refused_before_a_byte_of_http() {
    let cases: [(Certificate, Expected); 3] = [
        (Certificate::Expired, |error| matches!(error, TlsError::Expired { not_after: Some(_) })),
        (Certificate::NotYetValid, |error| matches!(error, TlsError::NotValidYet { not_before: Some(_) })),
        (
            Certificate::Names("web-02.corp.example".to_owned()),
            |error| matches!(error, TlsError::NameMismatch { presented, .. } if presented == &["web-02.corp.example"]),
        ),
    ];
    for (certificate, expected) in cases {
        let host = Host::builder().certificate(certificate.clone()).start().await.unwrap();
        match refusal(&config(&host)).await {
            Cause::Tls(error) if expected(&error) => {}
            other => panic!("{certificate:?}: {other:?}"),
        }
        assert_eq!(requests(&host), 0);
        host.shutdown().await;
    }
}

#[tokio::test]
async fn an_unknown_issuer_is_refused() {
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    let key = KeyPair::generate().unwrap();
    let stranger =
        CertificateParams::new(vec!["stranger.example".to_owned()]).unwrap().self_signed(&key).unwrap();
    config.trust = Trust::ca_pem(stranger.pem().as_bytes()).unwrap();
    assert_eq!(refusal(&config).await, Cause::Tls(TlsError::UnknownIssuer));

    // The authorities of two hosts have one name and two keys.
    let other = Host::builder().start().await.unwrap();
    config.trust = Trust::ca_pem(other.ca_pem().as_bytes()).unwrap();
    assert_eq!(refusal(&config).await, Cause::Tls(TlsError::ForeignIssuer));
    assert_eq!(requests(&host), 0);
}

#[tokio::test]
async fn a_ca_file_without_a_certificate_is_refused() {
    for text in ["", "canary", "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n"] {
        assert!(Trust::ca_pem(text.as_bytes()).is_err(), "{text}");
    }
}

#[tokio::test]
async fn a_pin_takes_one_certificate_and_no_other() {
    let host = Host::builder().certificate(Certificate::Expired).start().await.unwrap();
    let mut config = config(&host);
    for (pin, what) in [("sha256:00", Pinned::Certificate), ("spki-sha256:00", Pinned::PublicKey)]
        .map(|(start, what)| (format!("{start}{}", "11".repeat(31)), what))
    {
        config.trust = Trust::pin(Pin::parse(&pin).unwrap());
        let Cause::Tls(TlsError::NotPinned { what: compared, presented }) = refusal(&config).await else {
            panic!("{pin}")
        };
        assert_eq!(compared, what);

        // What the refusal says is the pin to use, once a person has looked at it.
        let kind = pin.split_once(':').unwrap().0;
        config.trust = Trust::pin(Pin::parse(&format!("{kind}:{presented}")).unwrap());
        let client = Client::new(&config).unwrap();
        let shell = shell(&client).await;
        assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok());
        let _left = client.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn pins_are_read_as_tools_write_them() {
    let digits = "ab".repeat(32);
    let colons = vec!["AB"; 32].join(":");
    assert_eq!(Pin::parse(&format!("sha256:{digits}")), Pin::parse(&format!("SHA256:{colons}")));
    for text in ["", "sha256:", "sha1:00", "sha256:zz", &format!("sha256:{digits}00"), &digits] {
        assert_eq!(Pin::parse(text), Err(winrm::TrustError::Pin), "{text}");
    }
}

#[tokio::test]
async fn certificates_may_change_if_each_is_trusted() {
    let host = Host::builder().certificate(Certificate::ChangesWithEachConnection).start().await.unwrap();
    for _ in 0..2 {
        let client = Client::new(&config(&host)).unwrap();
        let shell = shell(&client).await;
        assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok());
        let _left = client.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn a_pinned_host_whose_certificate_changes_gets_no_credential() {
    let host = Host::builder().certificate(Certificate::ChangesWithEachConnection).start().await.unwrap();
    let mut config = config(&host);
    let report = winrm::probe::probe(&config).await.unwrap();
    let seen = report.steps().iter().find_map(|step| match &step.outcome {
        winrm::probe::Outcome::Passed(winrm::probe::Finding::Encrypted { certificate, .. }) => {
            certificate.clone()
        }
        _ => None,
    });
    let before = requests(&host);
    config.trust = Trust::pin(seen.unwrap().pin);
    assert!(matches!(refusal(&config).await, Cause::Tls(TlsError::NotPinned { .. })));
    assert_eq!(requests(&host), before);
}

#[tokio::test]
async fn any_certificate_is_accepted_only_where_danger_says_so() {
    let host = Host::builder().certificate(Certificate::Expired).start().await.unwrap();
    let mut config = config(&host);
    config.trust = winrm::danger::accept_any_certificate();
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok());
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn ipv6_literals_work() {
    let host = Host::builder().loopback(Loopback::V6).start().await.unwrap();
    let client = Client::new(&config(&host)).unwrap();
    let shell = shell(&client).await;
    assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok());
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn what_does_not_connect_says_why() {
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.retries = 1;
    let address = host.addr();
    host.shutdown().await;
    assert_eq!(refusal(&config).await, Cause::Connect(ConnectError::Refused { address }));

    config.endpoint = Endpoint::parse("no-such-host.invalid").unwrap();
    let unknown = ConnectError::UnknownHost { host: "no-such-host.invalid".to_owned() };
    assert_eq!(refusal(&config).await, Cause::Connect(unknown));
}

#[tokio::test]
async fn a_port_without_tls_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _unheard = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(port);
    assert_eq!(refusal(&config).await, Cause::Tls(TlsError::NotTls));
}

#[tokio::test]
async fn a_handshake_that_never_ends_ends_at_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepting = tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            kept.push(listener.accept().await.unwrap());
        }
    });
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.endpoint = config.endpoint.with_port(port);
    config.connect_timeout = Duration::from_millis(300);
    let began = std::time::Instant::now();
    assert_eq!(refusal(&config).await, Cause::Tls(TlsError::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(1));
    accepting.abort();
}
