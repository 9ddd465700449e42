//! The client's half against the server's, and against servers that misbehave.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail as tests do")]

use uuid::Uuid;
use winrm_proto::clixml::{PsString, SecureString, Stream, Value};
use winrm_proto::psrp::aws_lc::{ClientKeyPair, SessionKey};
use winrm_proto::psrp::client::{self, HostAnswer};
use winrm_proto::psrp::{
    Availability, Carrier, Channel, Command, Error, GetCommandMetadata, HostInfo, HostMethod, HostReply,
    Input, MessageError, Payload, PipelineState, PoolLimits, PowerShell, Priority, RunspacePoolState, server,
};

mod misbehaving;

const POOL: Uuid = Uuid::from_u128(0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

/// Both halves, and what each learned last.
struct Pair {
    client: client::RunspacePool,
    server: server::RunspacePool,
}

impl Pair {
    fn open(settings: client::Settings) -> Self {
        let key = SessionKey::generate().unwrap();
        let server = server::RunspacePool::new(server::Settings {
            private_data: vec![("PSVersionTable".into(), Value::Null)],
            key: Some(Box::new(key)),
            ..server::Settings::default()
        });
        let mut pair = Self { client: client::RunspacePool::open(POOL, settings).unwrap(), server };
        let (server, client) = pair.exchange();
        assert!(matches!(server.last(), Some(server::Event::Opened(_))));
        let last = client.last();
        assert!(
            matches!(last, Some(client::Event::Pool { state: RunspacePoolState::Opened, .. })),
            "{last:?}"
        );
        pair
    }

    fn opened() -> Self {
        Self::open(client::Settings { min_runspaces: 1, max_runspaces: 3, ..client::Settings::default() })
    }

    /// Carries everything both ways until nobody has anything to say; what the server and the client learned.
    fn exchange(&mut self) -> (Vec<server::Event>, Vec<client::Event>) {
        let (mut to_server, mut to_client) = (Vec::new(), Vec::new());
        loop {
            let mut quiet = true;
            while let Some(payload) = self.client.next_payload(300) {
                assert!(payload.bytes.len() <= 300);
                self.server.receive(payload.channel, &payload.bytes).unwrap();
                quiet = false;
            }
            while let Some(event) = self.server.next_event().unwrap() {
                to_server.push(event);
            }
            while let Some(payload) = self.server.next_payload(300) {
                self.client.receive(payload.channel, &payload.bytes).unwrap();
                quiet = false;
            }
            while let Some(event) = self.client.next_event().unwrap() {
                to_client.push(event);
            }
            if quiet {
                return (to_server, to_client);
            }
        }
    }

    fn start(&mut self, pipeline: Uuid, command: Command) -> Vec<server::Event> {
        self.client.start(pipeline, PowerShell::new(vec![command])).unwrap();
        self.exchange().0
    }
}

fn record(pipeline: Uuid, stream: Stream, value: impl Into<Value>) -> client::Event {
    client::Event::Record { pipeline, stream, value: value.into() }
}

fn state(pipeline: Uuid, state: PipelineState) -> client::Event {
    client::Event::Pipeline { pipeline, state, error: None }
}

const fn default_channel(pipeline: Option<Uuid>) -> Channel {
    Channel { pipeline, priority: Priority::Default }
}

#[test]
fn a_pool_opens_and_knows_its_server() {
    let pair = Pair::opened();
    assert_eq!(pair.client.state(), RunspacePoolState::Opened);
    assert_eq!(pair.client.runspaces(), (1, 3));
    assert_eq!(pair.server.runspaces(), (1, 3));
    assert_eq!(pair.server.id(), POOL);
    let data = pair.client.private_data().unwrap().as_object().unwrap();
    assert_eq!(data.entry("psversiontable"), Some(&Value::Null));
}

#[test]
fn each_payload_says_what_carries_it() {
    let mut client = client::RunspacePool::open(POOL, client::Settings::default()).unwrap();
    let Payload { channel, carrier, bytes } = client.next_payload(100_000).unwrap();
    assert_eq!((channel, carrier), (default_channel(None), Carrier::Create));
    assert_eq!(client.next_payload(100_000), None, "{} bytes hold both messages", bytes.len());

    let mut pair = Pair::opened();
    let shell =
        PowerShell { input: Input::Open, ..PowerShell::new(vec![Command::script(&"x".repeat(5000))]) };
    pair.client.start(FIRST, shell).unwrap();
    pair.client.input(FIRST, "object".into()).unwrap();
    pair.client.end_input(FIRST).unwrap();
    assert!(pair.client.pending() > 5000);
    let carriers: Vec<Carrier> =
        std::iter::from_fn(|| pair.client.next_payload(4000)).map(|payload| payload.carrier).collect();
    // The request that starts a pipeline holds one fragment; input goes with the rest.
    assert_eq!(carriers, [Carrier::Command, Carrier::Data]);
}

#[test]
fn pipelines_run_side_by_side_and_every_stream_arrives() {
    let mut pair = Pair::opened();
    let command = Command::new("Get-Service").parameter("Name", "w32time").argument(1).in_local_scope();
    let events = pair.start(FIRST, command.clone());
    let [server::Event::Start { pipeline: FIRST, shell }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(**shell, PowerShell::new(vec![command]));
    pair.start(SECOND, Command::script("1..3"));
    let streams = [
        Stream::Output,
        Stream::Error,
        Stream::Warning,
        Stream::Verbose,
        Stream::Debug,
        Stream::Progress,
        Stream::Information,
    ];
    let mut expected = Vec::new();
    for stream in streams {
        for pipeline in [FIRST, SECOND] {
            pair.server.write(pipeline, stream, "x".repeat(500).into()).unwrap();
            expected.push(record(pipeline, stream, "x".repeat(500)));
        }
    }
    pair.server.set_pipeline_state(SECOND, PipelineState::Completed, None).unwrap();
    expected.push(state(SECOND, PipelineState::Completed));
    assert_eq!(pair.exchange().1, expected);
    assert_eq!(pair.client.pipeline(FIRST), Some(PipelineState::Running));
    assert_eq!(pair.client.pipeline(SECOND), None);
    assert_eq!(pair.server.write(SECOND, Stream::Output, 1.into()), Err(Error::UnknownPipeline(SECOND)));
}

#[test]
fn input_flows_until_its_end() {
    let mut pair = Pair::opened();
    let shell = PowerShell { input: Input::Open, ..PowerShell::new(vec![Command::new("Measure-Object")]) };
    pair.client.start(FIRST, shell).unwrap();
    pair.client.input(FIRST, 1.into()).unwrap();
    pair.client.input(FIRST, Value::Null).unwrap();
    pair.client.end_input(FIRST).unwrap();
    assert_eq!(pair.client.input(FIRST, 2.into()), Err(Error::NoInput));
    let events = pair.exchange().0;
    assert!(matches!(
        events.as_slice(),
        [
            server::Event::Start { .. },
            server::Event::Input { value: Value::Int32(1), .. },
            server::Event::Input { value: Value::Null, .. },
            server::Event::EndOfInput { pipeline: FIRST }
        ]
    ));
    pair.start(SECOND, Command::new("Get-Date"));
    assert_eq!(pair.client.input(SECOND, 1.into()), Err(Error::NoInput));
    assert_eq!(
        pair.client.input(Uuid::from_u128(9), 1.into()),
        Err(Error::UnknownPipeline(Uuid::from_u128(9)))
    );
}

#[test]
fn several_statements_and_metadata() {
    let mut pair = Pair::opened();
    let statement = |name: &str| vec![Command::new(name), Command::new("Out-String").parameter("Width", 80)];
    let shell = PowerShell {
        statements: vec![statement("Get-Date"), statement("Get-Item")],
        history: Some("both".into()),
        host: HostInfo::writes(),
        ..PowerShell::new(Vec::new())
    };
    pair.client.start(FIRST, shell.clone()).unwrap();
    let request =
        GetCommandMetadata { namespaces: vec!["M*".into()], ..GetCommandMetadata::named(&["Get-*"]) };
    pair.client.command_metadata(SECOND, request.clone()).unwrap();
    let events = pair.exchange().0;
    assert_eq!(
        events,
        [
            server::Event::Start { pipeline: FIRST, shell: Box::new(shell) },
            server::Event::CommandMetadata { pipeline: SECOND, request }
        ]
    );
}

#[test]
fn a_stopped_pipeline_says_its_last_and_late_words_are_passed_over() {
    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("Start-Sleep"));
    pair.client.stopping(FIRST).unwrap();
    assert_eq!(pair.client.pipeline(FIRST), Some(PipelineState::Stopping));
    pair.server.set_pipeline_state(FIRST, PipelineState::Stopped, None).unwrap();
    assert_eq!(pair.exchange().1, [state(FIRST, PipelineState::Stopped)]);

    pair.start(SECOND, Command::new("Start-Sleep"));
    pair.client.forget(SECOND);
    pair.server.write(SECOND, Stream::Output, 1.into()).unwrap();
    pair.server.call_host(Some(SECOND), HostMethod::ReadLine, Vec::new()).unwrap();
    assert_eq!(pair.exchange().1, []);
    // A name may be used again once its pipeline is over.
    pair.server.set_pipeline_state(SECOND, PipelineState::Stopped, None).unwrap();
    pair.exchange();
    pair.start(SECOND, Command::new("Get-Date"));
    pair.server.write(SECOND, Stream::Output, 2.into()).unwrap();
    assert_eq!(pair.exchange().1, [record(SECOND, Stream::Output, 2)]);
    let again = pair.client.start(SECOND, PowerShell::new(vec![Command::new("x")]));
    assert_eq!(again, Err(Error::DuplicatePipeline(SECOND)));
}

#[test]
fn runspaces_are_counted_set_and_reset() {
    let mut pair = Pair::opened();
    let calls = [
        pair.client.set_max_runspaces(7).unwrap(),
        pair.client.set_min_runspaces(2).unwrap(),
        pair.client.available_runspaces().unwrap(),
        pair.client.reset_state().unwrap(),
    ];
    let events = pair.exchange().0;
    assert_eq!(
        events,
        [
            server::Event::SetMaxRunspaces { call: calls[0], count: 7 },
            server::Event::SetMinRunspaces { call: calls[1], count: 2 },
            server::Event::AvailableRunspaces { call: calls[2] },
            server::Event::ResetState { call: calls[3] },
        ]
    );
    let answers = [
        Availability::Done(true),
        Availability::Done(false),
        Availability::Count(5),
        Availability::Done(true),
    ];
    for (call, answer) in calls.into_iter().zip(answers) {
        pair.server.answer(call, answer).unwrap();
    }
    assert_eq!(pair.server.answer(calls[0], answers[0]), Err(Error::UnknownCall(calls[0])));
    let expected: Vec<_> =
        calls.into_iter().zip(answers).map(|(call, answer)| client::Event::Answer { call, answer }).collect();
    assert_eq!(pair.exchange().1, expected);
    assert_eq!((pair.client.runspaces(), pair.server.runspaces()), ((1, 7), (1, 7)));
}

#[test]
fn host_calls_that_need_nobody_are_answered_and_prompts_refused() {
    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("x"));
    let cases = [
        (HostMethod::SetShouldExit, vec![7.into()], HostAnswer::NotWanted),
        (HostMethod::WriteLine2, vec!["text".into()], HostAnswer::NotWanted),
        (HostMethod::GetName, vec![], HostAnswer::Given),
        (HostMethod::GetWindowSize, vec![], HostAnswer::Given),
        (HostMethod::ReadLine, vec![], HostAnswer::Refused),
        (HostMethod::Prompt, vec![], HostAnswer::Refused),
        (HostMethod::PromptForCredential2, vec![], HostAnswer::Refused),
        (HostMethod::PromptForChoice, vec![], HostAnswer::Refused),
        (HostMethod::ReadKey, vec![], HostAnswer::Refused),
        (HostMethod::Unknown(99), vec![], HostAnswer::Refused),
    ];
    for (method, parameters, expected) in cases {
        pair.server.call_host(Some(FIRST), method, parameters).unwrap();
        let (server, client) = pair.exchange();
        let [client::Event::HostCall { pipeline: Some(FIRST), call, answer }] = client.as_slice() else {
            panic!("{client:?}")
        };
        assert_eq!((call.method, *answer), (method, expected));
        assert_eq!(call.exit_code(), (method == HostMethod::SetShouldExit).then_some(7));
        match (expected, server.as_slice()) {
            (HostAnswer::NotWanted, []) => {}
            (HostAnswer::Given, [server::Event::HostResponse { response, .. }]) => {
                assert!(matches!(response.reply, HostReply::Value(_)));
            }
            (HostAnswer::Refused, [server::Event::HostResponse { response, .. }]) => {
                let HostReply::Failed(record) = &response.reply else { panic!("{response:?}") };
                assert!(record.to_string().contains("not interactive"), "{record}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn answers_to_host_calls_do_not_wait_behind_input() {
    let mut pair = Pair::opened();
    let shell = PowerShell { input: Input::Open, ..PowerShell::new(vec![Command::new("x")]) };
    pair.client.start(FIRST, shell).unwrap();
    pair.exchange();
    pair.client.input(FIRST, "x".repeat(10_000).into()).unwrap();
    pair.server.call_host(Some(FIRST), HostMethod::ReadLine, Vec::new()).unwrap();
    let call = pair.server.next_payload(10_000).unwrap();
    assert!(pair.client.next_payload(1000).is_some());
    pair.client.receive(call.channel, &call.bytes).unwrap();
    pair.client.next_event().unwrap();
    let answer = pair.client.next_payload(10_000).unwrap();
    assert_eq!(answer.channel, Channel { pipeline: Some(FIRST), priority: Priority::PromptResponse });
    pair.server.receive(answer.channel, &answer.bytes).unwrap();
    assert!(matches!(pair.server.next_event(), Ok(Some(server::Event::HostResponse { .. }))));
}

#[test]
fn secure_strings_travel_both_ways_once_there_is_a_key() {
    let mut pair = Pair::opened();
    let secret = || Value::from(SecureString::new("s3cret"));
    let shell = PowerShell::new(vec![Command::new("x").parameter("Password", secret())]);
    assert!(matches!(
        pair.client.start(FIRST, shell.clone()),
        Err(Error::Message(MessageError::Encode(winrm_proto::clixml::EncodeError::NoSessionKey)))
    ));
    pair.client.exchange_key(Box::new(ClientKeyPair::generate().unwrap())).unwrap();
    let (server, client) = pair.exchange();
    assert_eq!(
        (server.as_slice(), client.as_slice()),
        (&[server::Event::KeyExchanged][..], &[client::Event::KeyExchanged][..])
    );
    pair.client.start(FIRST, shell).unwrap();
    let events = pair.exchange().0;
    let [server::Event::Start { shell, .. }] = events.as_slice() else { panic!("{events:?}") };
    let Value::SecureString(came) = &shell.statements[0][0].parameters[0].value else { panic!("{shell:?}") };
    assert_eq!(came.reveal(pair.server.cipher().unwrap().as_ref()).unwrap().as_str(), "s3cret");
    assert!(!format!("{events:?}").contains("s3cret"));

    pair.server.write(FIRST, Stream::Output, secret()).unwrap();
    let events = pair.exchange().1;
    let [client::Event::Record { value: Value::SecureString(came), .. }] = events.as_slice() else {
        panic!()
    };
    assert_eq!(came.reveal(pair.client.cipher().unwrap().as_ref()).unwrap().as_str(), "s3cret");
    // Whoever lacks the key sees that there is something, and goes on.
    assert_eq!(came.reveal(&winrm_proto::clixml::NoCipher), None);
}

#[test]
fn a_pool_is_left_taken_up_again_and_taken_over() {
    let mut pair = Pair::opened();
    pair.start(FIRST, Command::new("Start-Sleep"));
    pair.client.disconnected().unwrap();
    pair.server.disconnected().unwrap();
    assert_eq!(
        pair.client.start(SECOND, PowerShell::new(vec![Command::new("x")])),
        Err(Error::PoolState(RunspacePoolState::Disconnected))
    );
    pair.server.write(FIRST, Stream::Output, "while nobody listened".into()).unwrap();
    pair.client.reconnected().unwrap();
    pair.server.reconnected().unwrap();
    assert_eq!(pair.exchange().1, [record(FIRST, Stream::Output, "while nobody listened")]);

    pair.server.disconnected().unwrap();
    pair.client =
        client::RunspacePool::connect(POOL, PsString::from("other"), PoolLimits::default()).unwrap();
    let payload = pair.client.next_payload(10_000).unwrap();
    assert_eq!(payload.carrier, Carrier::Connect);
    pair.server.receive(payload.channel, &payload.bytes).unwrap();
    while pair.server.next_event().unwrap().is_some() {}
    let answer = pair.server.next_payload(10_000).unwrap();
    assert_eq!(answer.carrier, Carrier::Connect);
    pair.client.receive(answer.channel, &answer.bytes).unwrap();
    let events = pair.exchange().1;
    assert!(events.contains(&client::Event::Runspaces { min: 1, max: 3 }));
    assert_eq!(pair.client.state(), RunspacePoolState::Opened);
    pair.client.attach(FIRST).unwrap();
    pair.server.set_pipeline_state(FIRST, PipelineState::Completed, None).unwrap();
    assert_eq!(pair.exchange().1, [state(FIRST, PipelineState::Completed)]);
}

#[test]
fn what_must_not_be_sent_is_refused() {
    let mut pair = Pair::opened();
    for name in ["", "1x", "Name:", "-Name", "Na me", "Name;", "N\u{e4}me", "Name\u{2013}", "a_b"] {
        let shell = PowerShell::new(vec![Command::new("x").parameter(name, 1)]);
        let refused = Err(Error::Message(MessageError::ParameterName(name.to_owned())));
        assert_eq!(pair.client.start(FIRST, shell), refused, "{name}");
    }
    for statements in [vec![], vec![vec![]], vec![vec![Command::new("x")], vec![]]] {
        let shell = PowerShell { statements, ..PowerShell::new(Vec::new()) };
        assert_eq!(pair.client.start(FIRST, shell), Err(Error::Message(MessageError::NoCommand)));
    }
    // Nothing of it is left behind.
    assert_eq!(pair.client.next_payload(10_000), None);
    let settings =
        |application_arguments| client::Settings { application_arguments, ..client::Settings::default() };
    let open = |settings| client::RunspacePool::open(POOL, settings).map(|_| ());
    let reserved = settings(vec![("psversionTABLE".into(), Value::Null)]);
    assert_eq!(open(reserved), Err(Error::ReservedArgument("psversionTABLE".to_owned())));
    assert_eq!(open(settings(vec![("id".into(), "x".into())])), Ok(()));
    let counts = client::Settings { min_runspaces: 3, max_runspaces: 2, ..client::Settings::default() };
    assert_eq!(open(counts), Err(Error::RunspaceCount));
}

#[test]
fn an_older_server_gets_what_it_knows() {
    let mut pair = Pair::opened();
    let mut capability = winrm_proto::psrp::SessionCapability::ours();
    capability.protocol_version = winrm_proto::clixml::Version::new(2, 1);
    pair.server = server::RunspacePool::new(server::Settings { capability, ..server::Settings::default() });
    pair.client = client::RunspacePool::open(POOL, client::Settings::default()).unwrap();
    pair.exchange();
    let needed = winrm_proto::clixml::Version::new(2, 3);
    assert_eq!(pair.client.reset_state(), Err(Error::Unsupported { needed }));
    pair.client.start(FIRST, PowerShell::new(vec![Command::new("x")])).unwrap();
    let bytes = pair.client.next_payload(100_000).unwrap().bytes;
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("MergePreviousResults") && !text.contains("MergeError"), "{text}");
}

#[test]
fn every_command_gets_a_scope_of_its_own_that_does_not_say_otherwise() {
    let mut pipeline = PowerShell::new(vec![Command::new("Get-Date"), Command::new("Out-String")]);
    pipeline.statements.push(vec![Command { use_local_scope: Some(false), ..Command::new("Import-Module") }]);
    let scoped = pipeline.in_local_scopes();
    let scopes: Vec<_> = scoped.statements.iter().flatten().map(|command| command.use_local_scope).collect();
    assert_eq!(scopes, [Some(true), Some(true), Some(false)]);
}
