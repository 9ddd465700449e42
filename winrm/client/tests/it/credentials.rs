//! What happens to a credential that is wrong: it is sent once.

use secrecy::SecretString;
use winrm::{
    Cause, Client, ClientConfig, ConfigError, Credential, Endpoint, Ran, Scheme, ShellOptions, UserName,
};
use winrm_host::{
    Act, Event, HardeningLevel, Host, HostBuilder, Misbehaviour, Operation as On, Scheme as Offered, Trigger,
};

use crate::support::{PATIENCE, config, run, shell, simulate};

fn with_password(host: &Host, password: &str) -> ClientConfig {
    let mut config = config(host);
    let user = UserName::parse(host.user()).unwrap();
    config.credential = Credential::new(user, SecretString::from(password));
    config
}

fn refusals(host: &Host) -> usize {
    host.record().entries().iter().filter(|entry| matches!(entry.event, Event::Refused { .. })).count()
}

#[tokio::test]
async fn a_refused_password_goes_to_no_host_twice() {
    let (one, two) = (Host::builder().start().await.unwrap(), Host::builder().start().await.unwrap());
    let mut wrong = with_password(&one, "canary-4711");
    let first = Client::new(&wrong).unwrap();
    let error = first.open_shell(ShellOptions::default()).await.unwrap_err();
    assert_eq!(
        error.cause(),
        &Cause::RefusedCredential { user: one.user().to_owned(), scheme: Scheme::Negotiate }
    );
    assert_eq!(error.ran(), Ran::No);

    // The same client, a new client of the same host, and a client of another host.
    let mut elsewhere = with_password(&two, "canary-4711");
    elsewhere.refused = wrong.refused.clone();
    for config in [&wrong, &elsewhere] {
        let client = Client::new(config).unwrap();
        for client in [&first, &client] {
            let error = client.open_shell(ShellOptions::default()).await.unwrap_err();
            assert_eq!(error.cause(), &Cause::RememberedRefusal { user: one.user().to_owned() });
        }
    }
    assert_eq!((refusals(&one), refusals(&two)), (1, 0));
    assert_eq!(requests(&two), 0, "not even a token was sent");

    // Another secret is tried, and the right one works.
    wrong.credential = config(&one).credential;
    let client = Client::new(&wrong).unwrap();
    let shell = shell(&client).await;
    assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok());
    let _left = client.shutdown(PATIENCE).await;
}

fn requests(host: &Host) -> usize {
    host.record().entries().iter().filter(|entry| matches!(entry.event, Event::Request(_))).count()
}

#[tokio::test]
async fn clients_that_start_at_once_try_a_wrong_password_once() {
    let host = Host::builder().start().await.unwrap();
    let config = with_password(&host, "wrong");
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let client = Client::new(&config).unwrap();
            tokio::spawn(async move { client.open_shell(ShellOptions::default()).await.unwrap_err() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().ran(), Ran::No);
    }
    assert_eq!(refusals(&host), 1);
}

#[tokio::test]
async fn every_scheme_and_hardening_works() {
    let cases: [(HostBuilder, Scheme); 5] = [
        (Host::builder().hardening_level(HardeningLevel::Strict), Scheme::Negotiate),
        (Host::builder().offer([Offered::Ntlm]).hardening_level(HardeningLevel::Strict), Scheme::Ntlm),
        (Host::builder().offer([Offered::Kerberos, Offered::Negotiate]), Scheme::Negotiate),
        (Host::builder().offer([Offered::Basic]), Scheme::Basic),
        (Host::builder().transport(winrm_host::Transport::HttpsTls12), Scheme::Negotiate),
    ];
    for (builder, scheme) in cases {
        let host = builder.start().await.unwrap();
        let mut config = config(&host);
        config.schemes = vec![scheme];
        let client = Client::new(&config).unwrap();
        let shell = shell(&client).await;
        assert!(run(&shell, winrm::Command::program("hostname")).await.is_ok(), "{scheme}");
        let _left = client.shutdown(PATIENCE).await;
        host.shutdown().await;
    }
}

/// A client of the plain port.
fn plain(host: &Host) -> ClientConfig {
    let mut config = config(host);
    config.endpoint = Endpoint::parse(&format!("http://{}", host.addr())).unwrap();
    config
}

#[tokio::test]
async fn sealed_messages_cost_no_request_more() {
    let host = Host::builder().transport(winrm_host::Transport::Http).start().await.unwrap();
    for scheme in [Scheme::Negotiate, Scheme::Ntlm, Scheme::Spnego] {
        let mut config = plain(&host);
        config.schemes = vec![scheme];
        let client = Client::new(&config).unwrap();
        let mark = host.record().mark();
        let shell = shell(&client).await;
        assert_eq!(run(&shell, simulate("flood 400000")).await.unwrap().stdout.len(), 400_000);
        let before_the_output = host.record().requests_since(mark);
        let operations: Vec<_> = before_the_output.iter().map(|request| request.operation).take(4).collect();
        assert_eq!(operations, [On::Empty, On::Create, On::Command, On::Receive], "{scheme}");
        let _left = client.shutdown(PATIENCE).await;
    }
}

#[tokio::test]
async fn a_wrong_password_on_the_plain_port_is_sent_once() {
    let host = Host::builder().transport(winrm_host::Transport::Http).start().await.unwrap();
    let mut config = plain(&host);
    config.credential = Credential::new(UserName::parse(host.user()).unwrap(), SecretString::from("wrong"));
    let client = Client::new(&config).unwrap();
    for _ in 0..3 {
        assert!(client.open_shell(ShellOptions::default()).await.is_err());
    }
    assert_eq!(refusals(&host), 1);
    config.schemes = vec![Scheme::Basic];
    assert_eq!(Client::new(&config).err(), Some(ConfigError::BasicNeedsVerifiedTls));
}

#[tokio::test]
async fn a_wrong_basic_password_is_sent_once() {
    let host = Host::builder().offer([Offered::Basic]).start().await.unwrap();
    let mut config = with_password(&host, "wrong");
    config.schemes = vec![Scheme::Basic];
    let client = Client::new(&config).unwrap();
    for _ in 0..3 {
        assert!(client.open_shell(ShellOptions::default()).await.is_err());
    }
    assert_eq!(refusals(&host), 1);
}

#[tokio::test]
async fn a_basic_password_that_is_changed_on_the_host_is_sent_once_more_and_not_again() {
    let host = Host::builder().offer([Offered::Basic]).start().await.unwrap();
    let mut config = config(&host);
    config.schemes = vec![Scheme::Basic];
    let client = Client::new(&config).unwrap();
    let shell = shell(&client).await;
    let before = requests(&host);
    host.misbehave(Misbehaviour::always(Trigger::Request, Act::Refuse));
    for _ in 0..3 {
        assert!(run(&shell, simulate("exit 0")).await.is_err());
    }
    assert_eq!(requests(&host), before + 1);
}

#[tokio::test]
async fn nothing_goes_to_where_a_redirect_points() {
    let elsewhere = Host::builder().start().await.unwrap();
    let target = format!("https://{}/wsman", elsewhere.addr());
    for trigger in [Trigger::On(On::Empty), Trigger::On(On::Create), Trigger::On(On::Command)] {
        let act = Misbehaviour::always(trigger, Act::Redirect(target.clone()));
        let host = Host::builder().misbehave(act).start().await.unwrap();
        let client = Client::new(&config(&host)).unwrap();
        let error = match client.open_shell(ShellOptions::default()).await {
            Ok(shell) => run(&shell, simulate("exit 0")).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.ran(), Ran::No, "{error}");
        assert!(error.to_string().contains("not followed"), "{error}");
        let _left = client.shutdown(PATIENCE).await;
    }
    assert!(elsewhere.record().entries().is_empty());
}

#[tokio::test]
async fn basic_needs_tls_that_verifies_and_a_local_account() {
    let host = Host::builder().start().await.unwrap();
    let mut config = config(&host);
    config.schemes = vec![Scheme::Basic];
    let mut unverified = config.clone();
    unverified.trust = winrm::danger::accept_any_certificate();
    assert_eq!(Client::new(&unverified).err(), Some(ConfigError::BasicNeedsVerifiedTls));
    config.credential =
        Credential::new(UserName::parse("CORP\\svc").unwrap(), SecretString::from("canary-4711"));
    assert!(matches!(Client::new(&config).err(), Some(ConfigError::Basic(_))));
}

#[tokio::test]
async fn no_error_and_no_debug_output_shows_the_password() {
    let host = Host::builder().start().await.unwrap();
    let config = with_password(&host, "canary-4711");
    let client = Client::new(&config).unwrap();
    let error = client.open_shell(ShellOptions::default()).await.unwrap_err();
    let again = client.open_shell(ShellOptions::default()).await.unwrap_err();
    let everything = format!("{config:?} {client:?} {error:?} {error} {again:?} {again}");
    assert!(!everything.contains("canary"), "{everything}");
}
