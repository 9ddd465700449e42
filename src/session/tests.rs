//! Leases against the loopback host: what reaches it, what comes back, and what is known when it goes wrong.

use std::net::SocketAddr;

use time::OffsetDateTime;
use winrm_host::{
    Act, Ended, Event, Host, HostBuilder, Mark, Misbehaviour, Operation, PipelineCommand, Trigger,
};

use super::*;
use crate::{
    call::{Call, Mode, Outcome, Purpose, Ran, StopReason, Work},
    inventory::{AuthScheme, ConfigurationName, Endpoint, Lockdown, Login, Remoting, Timeouts, Trust},
    policy::{Authorized, Judgement, Policy, Settings},
    redact::KnownSecrets,
    remedy::{Code, Remedy as _},
    secret::{Environment, Reference},
};

/// A host, and what leads there.
struct Site {
    host: Host,
    sessions: Sessions,
    target: Target,
    cancel: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        Self::with(|builder| builder, Remoting::default()).await
    }

    async fn with(change: impl FnOnce(HostBuilder) -> HostBuilder, remoting: Remoting) -> Self {
        let host = change(Host::builder().account("operator", PASSWORD)).start().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, host.ca_pem()).unwrap();
        let environment: Environment = [("PASSWORD".to_owned(), PASSWORD.to_owned())].into_iter().collect();
        let secrets = Secrets::new(environment, KnownSecrets::default());
        let sessions = Sessions::new(secrets, folder.path(), CallId::from_random(1)).unwrap();
        let target = target(host.addr(), Trust::CaFile(ca_file), remoting);
        Self { host, sessions, target, cancel: CancellationToken::new(), _folder: folder }
    }

    fn lease(&self) -> Lease {
        self.lease_for(&Principal::local(), Duration::from_secs(20))
    }

    fn lease_for(&self, principal: &Principal, time: Duration) -> Lease {
        self.sessions.lease(&self.target, principal, Instant::now() + time, &self.cancel).unwrap()
    }

    fn authorized(&self, words: &[&str]) -> Authorized {
        authorized(&self.target, "unrestricted", words)
    }

    async fn call(&self, words: &[&str]) -> Result<Called, SessionError> {
        self.lease().call(self.authorized(words), |_| {}, None).await
    }

    /// The same under the profile that is in force where nobody chose one.
    async fn look(&self, words: &[&str]) -> Result<Called, SessionError> {
        self.lease().call(authorized(&self.target, "observe", words), |_| {}, None).await
    }

    fn requests(&self, mark: Mark) -> Vec<Operation> {
        self.host.record().requests_since(mark).into_iter().map(|request| request.operation).collect()
    }

    fn pipelines(&self) -> Vec<PipelineCommand> {
        let commands = |event| match event {
            Event::Pipeline { commands, .. } => Some(commands),
            _ => None,
        };
        self.host.record().entries().into_iter().filter_map(|entry| commands(entry.event)).flatten().collect()
    }

    fn shell_names(&self) -> Vec<String> {
        let name = |event| match event {
            Event::ShellCreated { name, .. } => name,
            _ => None,
        };
        self.host.record().entries().into_iter().filter_map(|entry| name(entry.event)).collect()
    }
}

fn target(addr: SocketAddr, trust: Trust, remoting: Remoting) -> Target {
    Target {
        name: HostName::new("web-01"),
        endpoint: Endpoint::parse("localhost").unwrap().with_port(addr.port()),
        login: Login {
            user: "operator".to_owned(),
            password: Reference::Environment("PASSWORD".to_owned()),
            scheme: AuthScheme::Negotiate,
        },
        tags: Default::default(),
        trust,
        proxy: None,
        timeouts: Timeouts::default(),
        max_retries: 0,
        remoting,
    }
}

/// What a profile makes of a command that it allows.
fn authorized(target: &Target, profile: &str, words: &[&str]) -> Authorized {
    let settings = Settings { profile: Some(profile.to_owned()), ..Settings::default() };
    let call = Call {
        id: CallId::from_random(7),
        principal: Principal::local(),
        host: target.name.clone(),
        work: Work::Words { words: words.iter().map(|word| (*word).to_owned()).collect() },
        purpose: Purpose::default(),
        mode: Mode::default(),
        timeout: None,
    };
    let judgement = Policy::new(&settings).unwrap().judge(&call, target, OffsetDateTime::now_utc());
    match judgement {
        Judgement::Allowed(authorized) => authorized,
        other => panic!("{other:?}"),
    }
}

fn named(configuration: &str) -> Remoting {
    let configuration_name = Some(ConfigurationName::parse(configuration).unwrap());
    Remoting { configuration_name, ..Remoting::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_travels_as_data_in_six_requests_and_then_in_two() {
    let site = Site::new().await;
    let mark = site.host.record().mark();
    let called = site.look(&["Get-Service", "-Name", "W3SVC"]).await.unwrap();
    assert_eq!(called.outcome, Outcome::Completed { exit_code: Some(0) });
    assert_eq!((called.via, called.output.len()), (Via::Psrp, 1));
    assert_eq!(called.output[0].property("Name").unwrap().to_string(), "W3SVC");
    assert!(site.requests(mark).len() <= 6, "{:?}", site.requests(mark));

    let mark = site.host.record().mark();
    let called = site.look(&["Get-Service", "-Name", "W3SVC"]).await.unwrap();
    assert_eq!(called.output.len(), 1);
    assert_eq!(site.requests(mark)[..2], [Operation::Command, Operation::Receive]);
    assert!(
        site.requests(mark)[2..].iter().all(|operation| *operation == Operation::Signal),
        "what releases the pipeline on the host is not waited for: {:?}",
        site.requests(mark)
    );

    let sent = site.pipelines();
    assert_eq!(sent[0].text, r"Microsoft.PowerShell.Management\Get-Service");
    assert_eq!(sent[0].parameters, [(Some("Name".to_owned()), "W3SVC".to_owned())]);
    let name = &site.shell_names()[0];
    assert!(name.starts_with("winrm-mcp ") && name.ends_with(CallId::from_random(7).as_str()), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_records_and_only_one_that_ends_the_pipeline_makes_the_exit_code_1() {
    let site = Site::new().await;
    let called = site.call(&["Get-Item", "-Path", r"C:\nowhere"]).await.unwrap();
    assert_eq!(called.outcome, Outcome::Completed { exit_code: Some(0) });
    assert_eq!(called.terminating, None);
    let [error] = called.errors.as_slice() else { panic!("{called:?}") };
    assert_eq!(error.category.name(), "ObjectNotFound");
    assert!(error.fully_qualified_error_id.as_str().starts_with("PathNotFound,"), "{error:?}");

    let words = ["Get-Item", "-Path", r"C:\nowhere", "-ErrorAction", "Stop"];
    let called = site.call(&words).await.unwrap();
    assert_eq!(called.outcome, Outcome::Completed { exit_code: Some(1) });
    assert!(called.errors.is_empty());
    let reply = called.into_reply();
    assert_eq!(reply.terminating.unwrap().category, "ObjectNotFound");
    assert_eq!(reply.exit_code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_of_one_lease_run_side_by_side_in_one_pool() {
    let site = Site::new().await;
    site.call(&["Get-Date"]).await.unwrap();
    let lease = site.lease();
    let begin = Instant::now();
    let sleep = || lease.call(site.authorized(&["Start-Sleep", "-Milliseconds", "400"]), |_| {}, None);
    let (a, b, c, d) = tokio::join!(sleep(), sleep(), sleep(), sleep());
    for called in [a, b, c, d] {
        assert_eq!(called.unwrap().outcome, Outcome::Completed { exit_code: Some(0) });
    }
    assert!(begin.elapsed() < Duration::from_millis(1200), "{:?}", begin.elapsed());
    assert_eq!(site.host.open_shells(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_principal_has_a_pool_of_its_own() {
    let site = Site::new().await;
    let (first, second) = (Principal::local(), Principal::named("somebody"));
    for principal in [&first, &second, &first] {
        let lease = site.lease_for(principal, Duration::from_secs(20));
        lease.call(site.authorized(&["Get-Date"]), |_| {}, None).await.unwrap();
    }
    assert_eq!(site.host.open_shells(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_and_a_cancel_stop_the_pipeline_on_the_host() {
    for (time, reason) in [(1, StopReason::Deadline), (20, StopReason::Cancelled)] {
        let site = Site::new().await;
        site.call(&["Get-Date"]).await.unwrap();
        let mark = site.host.record().mark();
        let lease = site.lease_for(&Principal::local(), Duration::from_secs(time));
        let cancel = site.cancel.clone();
        let sleep = site.authorized(&["Start-Sleep", "-Seconds", "30"]);
        let running = lease.call(sleep, |_| {}, None);
        let called = match reason {
            StopReason::Deadline => running.await,
            StopReason::Cancelled => {
                let stop = async {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    cancel.cancel();
                };
                tokio::join!(running, stop).0
            }
        };
        assert_eq!(called.unwrap().outcome, Outcome::Stopped(reason));
        let ended = |event: &Event| matches!(event, Event::CommandEnded { how: Ended::Interrupted, .. });
        let found = site.host.record().wait_for(mark, Duration::from_secs(2), ended).await;
        assert!(found.is_some(), "{:?}", site.host.record().since(mark));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_the_host_does_not_confirm_takes_the_pool_along() {
    let site = Site::new().await;
    site.call(&["Get-Date"]).await.unwrap();
    site.host.misbehave(Misbehaviour::always(Trigger::On(Operation::Signal), Act::Hang));
    let lease = site.lease_for(&Principal::local(), Duration::from_millis(300));
    let called = lease.call(site.authorized(&["Start-Sleep", "-Seconds", "30"]), |_| {}, None).await.unwrap();
    assert_eq!(called.outcome, Outcome::StillRunning(StopReason::Deadline));
    let deleted = |event: &Event| matches!(event, Event::ShellDeleted { .. });
    let record = site.host.record();
    assert!(record.wait_for(Mark::default(), Duration::from_secs(5), deleted).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_call_may_gather_is_an_error_that_says_what_to_do() {
    let mut site = Site::new().await;
    site.sessions = site.sessions.gathering(4_000);
    let error = site.call(&["Get-Service"]).await.unwrap_err();
    assert!(matches!(error, SessionError::TooMuch { .. }), "{error:?}");
    assert_eq!((error.ran(), error.code()), (Ran::Yes, Code::Remote));
    assert!(error.fix().unwrap().contains("narrow the command"));
    site.call(&["Get-Service", "-Name", "W3SVC"]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_endpoint_gets_plain_names() {
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    let site = Site::with(jea, named("JEA_Web")).await;
    let called = site.look(&["Get-Service", "-Name", "W3SVC"]).await.unwrap();
    assert_eq!(called.output.len(), 1);
    assert_eq!(site.pipelines()[0].text, "Get-Service");
    let called = site.look(&["Get-Process"]).await.unwrap();
    let error = called.terminating.unwrap();
    assert_eq!(error.fully_qualified_error_id.as_str(), "CommandNotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_asked_once_what_it_offers() {
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    let site = Site::with(jea, named("JEA_Web")).await;
    let lease = site.lease();
    let offered = lease.offered(&CallId::from_random(7)).await.unwrap();
    let service = offered.command("get-service").unwrap();
    let name = service.parameters.iter().find(|parameter| parameter.name == "Name").unwrap();
    assert_eq!((service.name.as_str(), name.type_name.as_str()), ("Get-Service", "System.String[]"));
    assert!(offered.command("Get-Process").is_none());
    let mark = site.host.record().mark();
    assert_eq!(lease.offered(&CallId::from_random(8)).await.unwrap(), offered);
    assert!(site.requests(mark).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_was_named_and_is_not_there_is_an_error_and_nothing_goes_round_it() {
    let site = Site::with(|builder| builder, named("JEA_Nobody")).await;
    let error = site.call(&["Get-Service"]).await.unwrap_err();
    assert_eq!(error.ran(), Ran::No);
    assert!(error.fix().unwrap().contains("Get-PSSessionConfiguration"), "{error}");
    assert!(site.shell_names().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_lock_fails_nothing_else_runs() {
    let locked = Remoting { lockdown: Lockdown::On, ..Remoting::default() };
    // This endpoint has no language, so that it takes no lock.
    let jea = |builder: HostBuilder| builder.restricted_endpoint("JEA_Web", ["Get-Service"]);
    for (site, expected) in [
        (
            Site::with(jea, Remoting { lockdown: Lockdown::On, ..named("JEA_Web") }).await,
            "could not be locked",
        ),
        (Site::with(HostBuilder::without_powershell_endpoints, locked).await, "0x80338000"),
    ] {
        let error = site.call(&["Get-Service"]).await.unwrap_err();
        assert_eq!(error.ran(), Ran::No);
        assert!(error.to_string().contains(expected), "{error}");
        let sent: Vec<String> = site.pipelines().into_iter().map(|command| command.text).collect();
        assert!(sent.iter().all(|text| text.starts_with("# Locks a fresh runspace")), "{sent:?}");
        let commands = site.requests(Mark::default()).into_iter();
        let commands = commands.filter(|operation| *operation == Operation::Command);
        assert_eq!(commands.count(), sent.len(), "no program runs in its stead");
        let deleted = site.sessions.shutdown(Duration::from_secs(2));
        deleted.await;
        assert_eq!(site.host.open_shells(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_runspace_shows_what_was_sent_so_far_and_nothing_else() {
    let locked = Remoting { lockdown: Lockdown::On, ..Remoting::default() };
    let site = Site::with(|builder| builder, locked).await;
    for words in [&["Get-Service", "-Name", "W3SVC"][..], &["Get-Date"], &["Get-Service", "-Name", "W3SVC"]] {
        let called = site.call(words).await.unwrap();
        assert_eq!((called.output.len(), &called.terminating), (1, &None), "{words:?}");
    }
    let locks = site.pipelines().into_iter().filter(|command| command.text.starts_with("# Locks"));
    let shown: Vec<String> = locks.map(|lock| lock.parameters[0].1.clone()).collect();
    assert_eq!(shown, ["Get-Service", "Get-Date Get-Service"], "a pool for each set, and a set only grows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_behind_the_command_is_not_known_to_have_run_it() {
    let site = Site::new().await;
    site.call(&["Get-Date"]).await.unwrap();
    site.host.misbehave(Misbehaviour::once(Trigger::On(Operation::Command), Act::PerformAndClose));
    let mark = site.host.record().mark();
    let error = site.call(&["Restart-Service", "-Name", "W3SVC"]).await.unwrap_err();
    assert_eq!(error.ran(), Ran::Unknown);
    let commands = site.requests(mark).into_iter().filter(|operation| *operation == Operation::Command);
    assert_eq!(commands.count(), 1, "it is never sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_typed_and_switches_are_true() {
    let site = Site::new().await;
    let words = ["Get-ChildItem", "-Path", r"C:\Windows", "-Recurse", "-Depth", "1"];
    site.call(&words).await.unwrap();
    let sent = &site.pipelines()[0];
    let expected = [("Path", r"C:\Windows"), ("Recurse", "True"), ("Depth", "1")];
    let expected: Vec<_> =
        expected.iter().map(|(name, value)| (Some((*name).to_owned()), (*value).to_owned())).collect();
    assert_eq!(sent.parameters, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_an_endpoint_gets_text_of_ours_and_gives_the_same_objects() {
    let with = Site::new().await;
    let without = Site::with(HostBuilder::without_powershell_endpoints, Remoting::default()).await;
    for words in [
        &["Get-Service", "-Name", "W3SVC"][..],
        &["Get-Item", "-Path", r"C:\nowhere"],
        &["Get-Item", "-Path", r"C:\nowhere", "-ErrorAction", "Stop"],
        &["Write-Warning", "-Message", "mind the gap"],
        &["Write-Output", "-InputObject", "Größe 日本"],
    ] {
        let expected = with.call(words).await.unwrap();
        let called = without.call(words).await.unwrap();
        assert_eq!((expected.via, called.via), (Via::Psrp, Via::WinRs));
        assert_eq!(called.outcome, expected.outcome, "{words:?}");
        assert_eq!(called.output.len(), expected.output.len(), "{words:?}: {called:?}");
        for (own, other) in called.output.iter().zip(&expected.output) {
            assert_eq!((own.type_name(), own.to_string()), (other.type_name(), other.to_string()));
        }
        let ids = |called: &Called| -> Vec<_> {
            let errors = called.errors.iter().chain(&called.terminating);
            errors.map(|error| (error.fully_qualified_error_id.clone(), error.category.code)).collect()
        };
        assert_eq!(ids(&called), ids(&expected), "{words:?}");
        assert_eq!(called.terminating.is_some(), expected.terminating.is_some(), "{words:?}");
        assert_eq!(called.records, expected.records, "{words:?}");
    }
    let creates = without.requests(Mark::default()).into_iter();
    let creates = creates.filter(|operation| *operation == Operation::Create).count();
    assert_eq!(creates, 2, "the endpoint is asked for once, and the shell is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_ours_is_stopped_like_anything_else() {
    let site = Site::with(HostBuilder::without_powershell_endpoints, Remoting::default()).await;
    let lease = site.lease_for(&Principal::local(), Duration::from_secs(1));
    let called = lease.call(site.authorized(&["Start-Sleep", "-Seconds", "30"]), |_| {}, None).await.unwrap();
    assert_eq!(called.outcome, Outcome::Stopped(StopReason::Deadline));
}

const PASSWORD: &str = "correct horse";
