//! How fast objects come out of PSRP and go in: `cargo bench -p winrm-proto --bench psrp`.

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use uuid::Uuid;
use winrm_proto::clixml::{Decoder, Encoder, Object, Properties, PsString, Stream, Value};
use winrm_proto::psrp::client::Event;
use winrm_proto::psrp::{Channel, Command, Error, Input, PowerShell, Priority, client, server};

fn main() {
    divan::main();
}

/// What `Get-Service` gives for one service, as a deserialised object.
fn service(number: i32) -> Value {
    let name = PsString::from(format!("service{number}"));
    let enumeration = |type_name, text, number| Value::enumeration(type_name, text, number);
    Value::object(Object {
        to_string: Some(name.clone()),
        adapted: Properties::new()
            .with("CanPauseAndContinue", false)
            .with("CanShutdown", true)
            .with("CanStop", number % 2 == 0)
            .with("DisplayName", format!("The service of number {number}"))
            .with("MachineName", ".")
            .with("ServiceName", name.clone())
            .with("ServicesDependedOn", Value::array(vec!["RpcSs".into(), "HTTP".into()]))
            .with("Status", enumeration("System.ServiceProcess.ServiceControllerStatus", "Running", 4))
            .with("ServiceType", enumeration("System.ServiceProcess.ServiceType", "Win32ShareProcess", 32))
            .with("StartType", enumeration("System.ServiceProcess.ServiceStartMode", "Automatic", 2))
            .with("Site", Value::Null),
        extended: Properties::new().with("Name", name),
        ..Object::typed(&[
            "System.ServiceProcess.ServiceController",
            "System.ComponentModel.Component",
            "System.MarshalByRefObject",
            "System.Object",
        ])
    })
}

#[divan::bench]
fn decode_an_object(bencher: Bencher<'_, '_>) {
    let Ok(document) = Encoder::new().value(&service(1)) else { return };
    let mut decoder = Decoder::default();
    bencher.counter(BytesCount::of_slice(&document)).bench_local(|| decoder.value(black_box(&document)));
}

#[divan::bench]
fn encode_an_object(bencher: Bencher<'_, '_>) {
    let value = service(1);
    bencher.bench(|| Encoder::new().value(black_box(&value)));
}

#[divan::bench]
fn decode_a_string_of_1_mb(bencher: Bencher<'_, '_>) {
    let text = "A line of text with an escape_x000D__x000A_".repeat(1 << 20 >> 5);
    let document = format!("<S>{text}</S>");
    let mut decoder = Decoder::default();
    bencher
        .counter(BytesCount::of_str(&document))
        .bench_local(|| decoder.value(black_box(document.as_bytes())));
}

/// 20,000 objects, from the bytes of the transport to values.
#[divan::bench(sample_count = 10)]
fn receive_20_000_objects(bencher: Bencher<'_, '_>) {
    let Ok(chunks) = output(20_000) else { return };
    bencher
        .counter(ItemsCount::new(20_000_usize))
        .with_inputs(open)
        .bench_local_values(|pair| pair.and_then(|(mut client, _)| receive(&mut client, &chunks)));
}

/// 100 MB of input in objects of 64 KB, from values to the bytes of the transport.
#[divan::bench(sample_count = 5)]
fn send_100_mb_of_input(bencher: Bencher<'_, '_>) {
    let piece = Value::from(Bytes::from(vec![7; 64 * 1024]));
    bencher.counter(BytesCount::new(100_usize << 20)).with_inputs(open).bench_local_values(|pair| {
        pair.and_then(|(mut client, _)| {
            let mut sent = 0;
            for _ in 0..1600 {
                client.input(PIPELINE, piece.clone())?;
                while let Some(payload) = client.next_payload(300_000) {
                    sent += payload.bytes.len();
                }
            }
            Ok(sent)
        })
    });
}

const PIPELINE: Uuid = Uuid::from_u128(1);

/// Both halves of an open pool with a pipeline that takes input.
fn open() -> Result<(client::RunspacePool, server::RunspacePool), Error> {
    let mut client = client::RunspacePool::open(Uuid::from_u128(7), client::Settings::default())?;
    let mut server = server::RunspacePool::new(server::Settings::default());
    carry(&mut client, &mut server)?;
    let shell = PowerShell { input: Input::Open, ..PowerShell::new(vec![Command::new("Get-Service")]) };
    client.start(PIPELINE, shell)?;
    carry(&mut client, &mut server)?;
    Ok((client, server))
}

fn carry(client: &mut client::RunspacePool, server: &mut server::RunspacePool) -> Result<(), Error> {
    while let Some(payload) = client.next_payload(100_000) {
        server.receive(payload.channel, &payload.bytes)?;
    }
    while server.next_event()?.is_some() {}
    while let Some(payload) = server.next_payload(100_000) {
        client.receive(payload.channel, &payload.bytes)?;
    }
    while client.next_event()?.is_some() {}
    Ok(())
}

/// What a host sends for so many objects, in pieces as a Receive brings them.
fn output(objects: i32) -> Result<Vec<Bytes>, Error> {
    let (_, mut server) = open()?;
    let mut chunks = Vec::new();
    for number in 0..objects {
        server.write(PIPELINE, Stream::Output, service(number))?;
        if number % 100 == 99 {
            chunks.extend(std::iter::from_fn(|| server.next_payload(300_000)).map(|payload| payload.bytes));
        }
    }
    Ok(chunks)
}

fn receive(client: &mut client::RunspacePool, chunks: &[Bytes]) -> Result<usize, Error> {
    let channel = Channel { pipeline: Some(PIPELINE), priority: Priority::Default };
    let mut objects = 0;
    for chunk in chunks {
        client.receive(channel, chunk)?;
        while let Some(event) = client.next_event()? {
            objects += usize::from(matches!(black_box(event), Event::Record { .. }));
        }
    }
    Ok(objects)
}
