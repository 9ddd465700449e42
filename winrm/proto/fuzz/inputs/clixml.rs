//! Bytes as CLIXML, alone and in the output of a process.

use winrm_proto::clixml::{Decoder, Encoder, Item, Limits, Piece, TextDecoder, Value};

/// What is read can be shown, compared and written, and reads the same again; a process's output loses no byte of text.
pub(crate) fn run(data: &[u8]) {
    let limits = Limits { size: 1 << 20, depth: 20, values: 2_000, expanded: 5_000 };
    let items = Decoder::new(limits).document(data).unwrap_or_default();
    for item in &items {
        // The walks that consumers make have an end.
        drop((item.value.to_string(), format!("{:?}", item.value)));
        check_again(item);
    }
    check_stream(data, limits);
}

fn check_again(item: &Item) {
    let written = Encoder::new().document([(item.stream, &item.value)]).unwrap();
    let again = Decoder::new(Limits { depth: 100, ..Limits::default() }).document(&written).unwrap();
    let values: Vec<&Value> = again.iter().map(|item| &item.value).collect();
    assert_eq!(values, [&item.value]);
}

/// How a stream is cut changes nothing but where text is cut.
fn check_stream(data: &[u8], limits: Limits) {
    let whole = joined(&[data], limits);
    for at in [1, data.len() / 2, data.len().saturating_sub(3)] {
        let (left, right) = data.split_at(at.min(data.len()));
        assert_eq!(joined(&[left, right], limits), whole);
    }
}

fn joined(chunks: &[&[u8]], limits: Limits) -> Vec<Piece> {
    let mut decoder = TextDecoder::new(limits);
    let mut pieces: Vec<Piece> = Vec::new();
    let found: Vec<Piece> = chunks.iter().flat_map(|chunk| decoder.push(chunk)).collect();
    for piece in found.into_iter().chain(decoder.finish()) {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.extend(text),
            (_, piece) => pieces.push(piece),
        }
    }
    pieces
}
