//! Bytes as a stream of fragments.

use bytes::Bytes;
use winrm_proto::psrp::{Defragmenter, FragmentError};

const LIMIT: usize = 4096;

/// However the stream is cut, the same messages come out, and then the same error.
pub(crate) fn run(data: &[u8]) {
    let whole = read(data, data.len().max(1));
    assert!(whole.0.iter().all(|message| message.len() <= LIMIT));
    for chunk in [1, 7, 21, 22, 100] {
        assert_eq!(read(data, chunk), whole);
    }
}

fn read(data: &[u8], chunk: usize) -> (Vec<Bytes>, Result<(), FragmentError>) {
    let mut defragmenter = Defragmenter::new(LIMIT);
    let mut messages = Vec::new();
    for bytes in data.chunks(chunk) {
        defragmenter.push(bytes);
        loop {
            match defragmenter.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Err(error)),
            }
        }
    }
    (messages, defragmenter.finish())
}
