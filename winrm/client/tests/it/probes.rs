//! A probe names the step that fails and shows the ones before it.

use secrecy::SecretString;
use winrm::{
    Cause, ConnectError, Credential, Endpoint, Pin, TlsError, Trust, UserName, connection,
    probe::{Finding, Outcome, Stage, probe},
};
use winrm_host::{Act, Certificate, Event, Host, Misbehaviour, Operation, Trigger};

use crate::support::config;

fn stages(report: &winrm::probe::Report) -> Vec<Stage> {
    report.steps().iter().map(|step| step.stage).collect()
}

fn counted(host: &Host, wanted: impl Fn(&Event) -> bool) -> usize {
    host.record().entries().iter().filter(|entry| wanted(&entry.event)).count()
}

#[tokio::test]
async fn all_steps_pass_and_leave_nothing_behind() {
    let host = Host::builder().start().await.unwrap();
    let report = probe(&config(&host)).await.unwrap();
    assert_eq!(report.failure(), None);
    assert_eq!(
        stages(&report),
        [Stage::Dns, Stage::Tcp, Stage::Tls, Stage::Schemes, Stage::Authentication, Stage::WinRs]
    );
    let findings: Vec<_> = report
        .steps()
        .iter()
        .map(|step| match &step.outcome {
            Outcome::Passed(finding) => finding,
            Outcome::Failed { cause, .. } => panic!("{cause}"),
        })
        .collect();
    assert_eq!(findings[0], &Finding::Addresses(vec![host.addr()]));
    assert!(matches!(findings[2], Finding::Encrypted { certificate: Some(certificate), .. }
        if certificate.names.iter().any(|name| name == "localhost")));
    assert!(matches!(findings[3], Finding::Offered { schemes, .. }
        if schemes == &["Negotiate", "NTLM"]));
    assert!(
        matches!(findings[4], Finding::Authenticated { identity, .. } if identity.product_vendor.is_some())
    );

    let created = counted(&host, |event| matches!(event, Event::ShellCreated { .. }));
    let deleted = counted(&host, |event| matches!(event, Event::ShellDeleted { .. }));
    let commands = counted(&host, |event| matches!(event, Event::Command { .. }));
    assert_eq!((created, deleted, commands), (1, 1, 0));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_shown_and_can_be_pinned() {
    let host = Host::builder().certificate(Certificate::Expired).start().await.unwrap();
    let mut config = config(&host);
    let report = probe(&config).await.unwrap();
    let last = report.steps().last().unwrap();
    let Outcome::Failed { cause: Cause::Tls(TlsError::Expired { .. }), presented: Some(certificate) } =
        &last.outcome
    else {
        panic!("{last:?}")
    };
    assert_eq!(last.stage, Stage::Tls);
    assert_eq!(counted(&host, |event| matches!(event, Event::Request(_))), 0);

    for pin in [certificate.pin, certificate.public_key_pin] {
        config.trust = Trust::pin(Pin::parse(&pin.to_string()).unwrap());
        assert_eq!(probe(&config).await.unwrap().failure(), None);
    }
}

#[tokio::test]
async fn each_step_can_be_the_one_that_fails() {
    let host = Host::builder().start().await.unwrap();
    let mut unknown = config(&host);
    unknown.endpoint = Endpoint::parse("no-such-host.invalid").unwrap();
    let report = probe(&unknown).await.unwrap();
    assert!(matches!(report.failure(), Some((Stage::Dns, Cause::Connect(ConnectError::UnknownHost { .. })))));

    let mut refused = config(&host);
    refused.credential =
        Credential::new(UserName::parse(host.user()).unwrap(), SecretString::from("canary-4711"));
    let report = probe(&refused).await.unwrap();
    assert!(matches!(report.failure(), Some((Stage::Authentication, Cause::RefusedCredential { .. }))));
    assert!(!format!("{report:?}").contains("canary"));

    let proxy = Misbehaviour::always(Trigger::Request, Act::HtmlUnavailable);
    let host = Host::builder().misbehave(proxy).start().await.unwrap();
    let report = probe(&config(&host)).await.unwrap();
    let Some((Stage::Schemes, Cause::Connection(error))) = report.failure() else { panic!("{report:?}") };
    assert!(matches!(error, connection::Error::NotWinRm { status: 503, .. }), "{error:?}");

    let denied = Misbehaviour::always(Trigger::On(Operation::Create), Act::Fault(5));
    let host = Host::builder().misbehave(denied).start().await.unwrap();
    let report = probe(&config(&host)).await.unwrap();
    assert!(matches!(report.failure(), Some((Stage::WinRs, Cause::Fault(_)))));

    let gone = config(&host);
    host.shutdown().await;
    let report = probe(&gone).await.unwrap();
    assert!(matches!(report.failure(), Some((Stage::Tcp, Cause::Connect(ConnectError::Refused { .. })))));
}
