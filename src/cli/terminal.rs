//! The terminal of the human who sits there, whatever standard input and output are.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _},
};

use secrecy::SecretString;
use zeroize::Zeroizing;

/// A terminal that asks and is answered.
#[derive(Debug)]
pub(super) struct Terminal {
    input: BufReader<File>,
    output: File,
}

impl Terminal {
    /// The terminal that controls this process.
    ///
    /// # Errors
    /// What the system says where there is none.
    pub(super) fn open() -> io::Result<Self> {
        let open = |path: &str| OpenOptions::new().read(true).write(true).open(path);
        let (input, output) = (open(INPUT)?, open(OUTPUT)?);
        if !input.is_terminal() || !output.is_terminal() {
            return Err(io::ErrorKind::NotConnected.into());
        }
        Ok(Self { input: BufReader::new(input), output })
    }

    /// Shows text.
    ///
    /// # Errors
    /// What the system says; then nobody has seen it.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }

    /// Asks for a line; it is empty where the input has ended.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn ask(&mut self, question: &str) -> io::Result<String> {
        self.show(question)?;
        let mut line = String::new();
        self.input.by_ref().take(LONGEST).read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Asks for a line that is not shown as it is typed.
    ///
    /// # Errors
    /// What the system says, also where it cannot be kept from showing.
    pub(super) fn ask_secret(&mut self, question: &str) -> io::Result<SecretString> {
        self.show(question)?;
        let mut line = Zeroizing::new(String::new());
        let hidden = echo::Hidden::new(self.input.get_ref())?;
        let read = self.input.by_ref().take(LONGEST).read_line(&mut line);
        drop(hidden);
        self.show("\n")?;
        read?;
        Ok(SecretString::from(line.trim_end_matches(['\r', '\n'])))
    }
}

#[cfg(unix)]
const INPUT: &str = "/dev/tty";
#[cfg(unix)]
const OUTPUT: &str = "/dev/tty";
#[cfg(not(unix))]
const INPUT: &str = "CONIN$";
#[cfg(not(unix))]
const OUTPUT: &str = "CONOUT$";
/// Bytes of a line.
const LONGEST: u64 = 4096;

#[cfg(unix)]
mod echo {
    use std::{fs::File, io};

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// A terminal that shows nothing of what is typed, until this is dropped.
    pub(super) struct Hidden {
        terminal: File,
        before: Termios,
    }

    impl Hidden {
        pub(super) fn new(terminal: &File) -> io::Result<Self> {
            let terminal = terminal.try_clone()?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // What was typed before the question does not answer it.
            tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Hidden {
        fn drop(&mut self) {
            // A terminal that is gone needs nothing more.
            let _gone = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}

#[cfg(not(unix))]
mod echo {
    use std::{fs::File, io};

    /// Not to be had here: what is typed would be seen.
    pub(super) struct Hidden;

    impl Hidden {
        pub(super) fn new(_terminal: &File) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
