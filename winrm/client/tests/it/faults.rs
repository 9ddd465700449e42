//! Hosts that break off, lie or say nothing: one sentence each, in time, and nothing runs twice.

use std::time::{Duration, Instant};

use winrm::{Cause, Client, Error, HttpError, Operation, Ran, ShellOptions};
use winrm_host::{Act, Event, Host, Misbehaviour, Operation as On, Repeat, Trigger};

use crate::support::{PATIENCE, config, run, shell, simulate};

/// A client whose patience is short: an answer counts as missing after a little more than five seconds.
async fn start(misbehaviour: Misbehaviour) -> (Host, Client) {
    let host = Host::builder().misbehave(misbehaviour).start().await.unwrap();
    let mut config = config(&host);
    config.operation_timeout = Duration::from_millis(200);
    config.retries = 2;
    let client = Client::new(&config).unwrap();
    (host, client)
}

async fn attempt(client: &Client) -> Result<Option<i32>, Error> {
    let shell = client.open_shell(ShellOptions::default()).await?;
    run(&shell, simulate("exit 5")).await.map(|outcome| outcome.exit_code)
}

fn commands(host: &Host) -> usize {
    host.record().entries().iter().filter(|entry| matches!(entry.event, Event::Command { .. })).count()
}

fn requests(host: &Host, operation: On) -> usize {
    let record = host.record();
    let is = |event: &Event| matches!(event, Event::Request(request) if request.operation == operation);
    record.entries().iter().filter(|entry| is(&entry.event)).count()
}

#[tokio::test]
async fn a_command_is_never_sent_twice() {
    let acts = [Act::Close, Act::PerformAndClose, Act::CloseMidBody];
    for act in acts {
        let (host, client) = start(Misbehaviour::always(Trigger::On(On::Command), act.clone())).await;
        let error = attempt(&client).await.unwrap_err();
        assert_eq!(error.cause(), &Cause::Http(HttpError::Closed), "{act:?}");
        assert_eq!((error.during(), error.ran()), (Operation::Command, Ran::Unknown), "{act:?}");
        assert_eq!(requests(&host, On::Command), 1, "{act:?}");
        assert!(commands(&host) <= 1, "{act:?}");
        let _left = client.shutdown(PATIENCE).await;
        host.shutdown().await;
    }
}

#[tokio::test]
async fn a_start_that_a_host_aborts_is_not_repeated() {
    // Aborted, timed out, a plugin that failed: the command may run all the same.
    for code in [995, 0x8033_8029, 0x8033_8003] {
        let (host, client) = start(Misbehaviour::always(Trigger::On(On::Command), Act::Fault(code))).await;
        let error = attempt(&client).await.unwrap_err();
        assert_eq!((error.during(), error.ran()), (Operation::Command, Ran::Unknown), "{code:#x}");
        assert_eq!(requests(&host, On::Command), 1, "{code:#x}");
        let _left = client.shutdown(PATIENCE).await;
        host.shutdown().await;
    }
}

#[tokio::test]
async fn a_shell_is_never_asked_for_twice() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Create), Act::PerformAndClose)).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!((error.during(), error.ran()), (Operation::Create, Ran::No));
    assert_eq!(requests(&host, On::Create), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_receive_whose_connection_is_lost_is_asked_for_again() {
    let (host, client) = start(Misbehaviour::once(Trigger::On(On::Receive), Act::Close)).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    assert_eq!(commands(&host), 1);
    assert_eq!(requests(&host, On::Receive), 2);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_receive_is_not_asked_for_without_end() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Receive), Act::Close)).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!((error.cause(), error.ran()), (&Cause::Http(HttpError::Closed), Ran::Yes));
    assert_eq!(requests(&host, On::Receive), 3, "once, and two retries");
    assert_eq!(commands(&host), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Command), Act::Hang)).await;
    let began = Instant::now();
    let error = attempt(&client).await.unwrap_err();
    assert_eq!((error.cause(), error.ran()), (&Cause::Http(HttpError::TimedOut), Ran::Unknown));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    assert_eq!(requests(&host, On::Command), 1);
    let _left = client.shutdown(Duration::from_millis(100)).await;
}

#[tokio::test]
async fn silence_before_the_account_is_proven_ends_at_the_deadline() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Empty), Act::Hang)).await;
    let began = Instant::now();
    let error = attempt(&client).await.unwrap_err();
    assert_eq!((error.cause(), error.ran()), (&Cause::Http(HttpError::TimedOut), Ran::No));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    assert_eq!(requests(&host, On::Empty), 1);
}

#[tokio::test]
async fn silence_while_a_command_runs_may_be_the_connections_fault() {
    let (host, client) = start(Misbehaviour::once(Trigger::On(On::Receive), Act::Hang)).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    assert_eq!(commands(&host), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_drip_ends_at_the_deadline() {
    let drip = Act::Drip(Duration::from_millis(100));
    let (_host, client) = start(Misbehaviour::always(Trigger::On(On::Create), drip)).await;
    let began = Instant::now();
    let error = attempt(&client).await.unwrap_err();
    assert_eq!(error.cause(), &Cause::Http(HttpError::TimedOut));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_early() {
    let (_host, client) = start(Misbehaviour::always(Trigger::On(On::Create), Act::EndlessBody)).await;
    let began = Instant::now();
    let error = attempt(&client).await.unwrap_err();
    assert!(matches!(error.cause(), Cause::Http(HttpError::BodyTooLarge { .. })), "{error:?}");

    let (_host, client) = start(Misbehaviour::always(Trigger::On(On::Create), Act::EndlessHeader)).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!(error.cause(), &Cause::Http(HttpError::HeaderTooLarge));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test]
async fn what_is_no_winrm_service_is_named_and_not_believed() {
    let acts = [
        (Act::HtmlUnavailable, "503"),
        (Act::Redirect("https://elsewhere.example/wsman".to_owned()), "redirects"),
        (
            Act::Raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/html\r\n\r\n<p>hi".into()),
            "not a WinRM listener",
        ),
        (Act::Raw("220 smtp.example ready\r\n".into()), "not HTTP"),
        (Act::Envelope("<html/>".into()), "SOAP"),
        (Act::Envelope("<!DOCTYPE x><x/>".into()), "document type"),
    ];
    for (act, words) in acts {
        let (host, client) = start(Misbehaviour::always(Trigger::On(On::Create), act.clone())).await;
        let error = attempt(&client).await.unwrap_err();
        assert!(error.to_string().contains(words), "{act:?}: {error}");
        assert_eq!(error.ran(), Ran::No);
        assert_eq!(commands(&host), 0);
        let _left = client.shutdown(PATIENCE).await;
        host.shutdown().await;
    }
}

#[tokio::test]
async fn a_load_balancer_without_a_target_is_asked_again_later() {
    let act = Misbehaviour::once(Trigger::On(On::Command), Act::HtmlUnavailable).repeated(Repeat::Times(2));
    let (host, client) = start(act).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    assert_eq!((commands(&host), requests(&host, On::Command)), (1, 3));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn refusals_for_ever_end() {
    let (host, client) = start(Misbehaviour::always(Trigger::Request, Act::Refuse)).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!(error.ran(), Ran::No);
    assert!(requests(&host, On::Empty) <= 4, "{error}");
}

#[tokio::test]
async fn a_connection_that_closes_after_each_answer_works() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Command), Act::CloseAfterAnswer)).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    assert_eq!(commands(&host), 1);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn the_exit_code_is_the_one_of_the_end() {
    let (_host, client) = start(Misbehaviour::once(Trigger::On(On::Receive), Act::StrayExitCode(77))).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_fault_comes_with_its_code_and_its_text() {
    let (_host, client) = start(Misbehaviour::always(Trigger::On(On::Command), Act::Fault(5))).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!(error.fault().and_then(winrm::Fault::wsman_code), Some(5));
    assert_eq!((error.during(), error.ran()), (Operation::Command, Ran::No));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_command_that_cannot_be_followed_can_be_stopped() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Receive), Act::Close)).await;
    let shell = shell(&client).await;
    let mut execution = shell.start(simulate("hang")).await.unwrap();
    assert!(execution.next().await.is_err());
    assert_eq!(execution.stop(PATIENCE).await, winrm::Stopped::Confirmed);
    let _left = client.shutdown(PATIENCE).await;
    host.shutdown().await;
}

#[tokio::test]
async fn an_overloaded_host_is_given_time() {
    for (operation, code) in [(On::Create, 0x8033_81AB), (On::Command, 0x8033_81A8)] {
        let fault = Misbehaviour::once(Trigger::On(operation), Act::Fault(code)).repeated(Repeat::Times(2));
        let (host, client) = start(fault).await;
        let began = Instant::now();
        assert_eq!(attempt(&client).await, Ok(Some(5)));
        assert!(began.elapsed() > Duration::from_millis(250), "{:?}", began.elapsed());
        assert_eq!((requests(&host, operation), commands(&host)), (3, 1));
        let _left = client.shutdown(PATIENCE).await;
        host.shutdown().await;
    }
    // Patience has an end, and then the host's own words come through.
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Command), Act::Fault(0x8033_81A8))).await;
    let error = attempt(&client).await.unwrap_err();
    assert_eq!(error.fault().and_then(winrm::Fault::wsman_code), Some(0x8033_81A8));
    assert_eq!((requests(&host, On::Command), commands(&host)), (3, 0));
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_connection_that_is_closed_on_the_proof_is_named_and_not_tried_again() {
    // The Create rides on the proof, and never reaches the service.
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Create), Act::Close)).await;
    let error = attempt(&client).await.unwrap_err();
    assert!(error.to_string().contains("load balancer"), "{error}");
    assert_eq!((requests(&host, On::Empty), requests(&host, On::Create)), (1, 1));
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_proof_is_tried_again() {
    let (host, client) = start(Misbehaviour::once(Trigger::On(On::Empty), Act::Close)).await;
    assert_eq!(attempt(&client).await, Ok(Some(5)));
    assert_eq!(requests(&host, On::Empty), 2);
    let _left = client.shutdown(PATIENCE).await;
}

#[tokio::test]
async fn a_host_that_does_not_answer_a_signal_leaves_it_unconfirmed() {
    let (host, client) = start(Misbehaviour::always(Trigger::On(On::Signal), Act::Hang)).await;
    let shell = shell(&client).await;
    let mut execution = shell.start(simulate("hang")).await.unwrap();
    let stopped = execution.stop(Duration::from_millis(500)).await;
    assert_eq!(stopped, winrm::Stopped::Unconfirmed);
    let _left = client.shutdown(Duration::from_millis(100)).await;
    host.shutdown().await;
}
