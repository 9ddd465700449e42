use winrm_proto::winrs::command_line::{LONGEST_COMMAND_LINE, Unquotable};

use super::{Command, CommandError};

fn line(command: &Command) -> Result<String, CommandError> {
    let request = command.request()?;
    let words: Vec<String> = std::iter::once(request.command).chain(request.arguments).collect();
    Ok(words.join(" "))
}

#[test]
fn words_stay_words() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("hostname", &[], "hostname"),
        ("echo", &["a", "b c"], "echo a \"b c\""),
        ("powershell.exe", &["-EncodedCommand", "aGk+/w=="], "powershell.exe -EncodedCommand aGk+/w=="),
        ("x", &["(b)"], "x \"(b)\""),
        ("x", &[""], "x \"\""),
        ("C:\\Program Files\\x.exe", &["a"], "C:\\\"Program Files\"\\x.exe a"),
        ("C:\\x.exe", &["say \"hi\"", "c:\\a b\\"], "C:\\x.exe \"say \\\"hi\\\"\" \"c:\\a b\\\\\""),
        ("C:\\x.exe", &["a\\\\\"b"], "C:\\x.exe \"a\\\\\\\\\\\"b\""),
    ];
    for (executable, arguments, expected) in cases {
        let command = Command::program(*executable).arguments(arguments.iter().copied());
        assert_eq!(line(&command).as_deref(), Ok(*expected), "{executable} {arguments:?}");
    }
}

#[test]
fn what_cannot_stay_a_word_is_refused() {
    let argument = |position, reason| CommandError::Argument { position, reason };
    let cases: &[(&str, &[&str], CommandError)] = &[
        ("", &[], CommandError::Empty),
        ("a&b", &[], CommandError::Name(Unquotable::Character('&'))),
        ("%X%", &[], CommandError::Name(Unquotable::Character('%'))),
        ("x", &["ok", "%PATH%"], argument(2, Unquotable::Character('%'))),
        ("x", &["a\nb"], argument(1, Unquotable::Control('\n'))),
        ("C:\\x.exe", &["a&b"], argument(1, Unquotable::Character('&'))),
    ];
    for (executable, arguments, expected) in cases {
        let command = Command::program(*executable).arguments(arguments.iter().copied());
        assert_eq!(line(&command), Err(*expected), "{executable} {arguments:?}");
    }
}

#[test]
fn lines_that_would_be_cut_are_refused() {
    let fits = LONGEST_COMMAND_LINE - 2;
    assert!(Command::program("x").argument("a".repeat(fits)).request().is_ok());
    let over = Command::program("x").argument("a".repeat(fits + 1)).request().err();
    assert_eq!(over, Some(CommandError::Line(Unquotable::TooLong { length: LONGEST_COMMAND_LINE + 1 })));
    assert!(Command::cmd_line("echo ".repeat(2_000)).request().is_err());
}

#[test]
fn debug_shows_no_arguments() {
    let command = Command::program("net.exe").arguments(["use", "canary"]);
    let line = Command::cmd_line("net use canary");
    assert!(!format!("{command:?}{line:?}").contains("canary"));
}
