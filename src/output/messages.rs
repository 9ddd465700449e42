//! What PowerShell meant with the CLIXML on its standard error.

use winrm_proto::clixml::{Limits, Piece, Stream, TextDecoder};

/// Takes CLIXML out of a program's standard error: errors and messages stay as text, progress goes.
///
/// Information records go too: PowerShell writes them to standard output by itself where they are to be seen, and
/// to this block whether they are or not.
#[derive(Debug)]
pub(super) struct Messages {
    decoder: TextDecoder,
}

impl Default for Messages {
    fn default() -> Self {
        Self { decoder: TextDecoder::new(Limits::default()) }
    }
}

impl Messages {
    /// Appends to `out` the bytes of what is meant for people. Text that is no CLIXML passes as it is.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for piece in self.decoder.push(bytes) {
            write(piece, out);
        }
    }

    /// Ends the stream: a block that stayed incomplete is text.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(piece) = std::mem::take(self).decoder.finish() {
            write(piece, out);
        }
    }
}

fn write(piece: Piece, out: &mut Vec<u8>) {
    let (stream, value) = match piece {
        Piece::Text(bytes) => return out.extend(bytes),
        Piece::Value { stream, value } => (stream, value),
    };
    let label = match stream {
        Stream::Progress | Stream::Information => return,
        Stream::Warning => "WARNING: ",
        Stream::Verbose => "VERBOSE: ",
        Stream::Debug => "DEBUG: ",
        Stream::Output | Stream::Error | Stream::Unknown => "",
    };
    let text = value.to_string();
    out.extend(label.bytes());
    out.extend(text.bytes());
    // An error comes line by line with its line ends, a message without.
    if !text.ends_with('\n') {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = concat!(
        "#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
        "<Obj S=\"progress\" RefId=\"0\"><TN RefId=\"0\"><T>System.Object</T></TN><MS><I64 N=\"SourceId\">1</I64>",
        "<PR N=\"Record\"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC>",
        "<T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>",
        "<S S=\"warning\">mind the gap</S><S S=\"Error\">Get-Item : no_x000D__x000A_</S></Objs>",
    );

    #[test]
    fn errors_and_messages_stay_and_progress_goes_however_it_is_cut() {
        let stream = format!("before\r\n{BLOCK}after\r\n");
        for size in [1, 2, 7, 64, stream.len()] {
            let (mut messages, mut out) = (Messages::default(), Vec::new());
            for piece in stream.as_bytes().chunks(size) {
                messages.push(piece, &mut out);
            }
            messages.finish(&mut out);
            let text = String::from_utf8(out).unwrap();
            assert_eq!(text, "before\r\nWARNING: mind the gap\nGet-Item : no\r\nafter\r\n", "{size}");
        }
    }

    #[test]
    fn a_block_that_never_ends_is_text() {
        let (mut messages, mut out) = (Messages::default(), Vec::new());
        messages.push(b"#< CLIXML\r\n<Objs><S>half", &mut out);
        messages.finish(&mut out);
        assert!(String::from_utf8(out).unwrap().contains("half"));
    }
}
