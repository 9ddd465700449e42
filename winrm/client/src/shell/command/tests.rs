use winrm_proto::winrs::Interpreter;

use super::{Command, CommandError};

fn line(command: &Command) -> Result<String, CommandError> {
    let request = command.request()?;
    let through = match request.interpreter {
        Some(Interpreter::Cmd) => "cmd",
        _ => "direct",
    };
    let words: Vec<String> = std::iter::once(request.command).chain(request.arguments).collect();
    Ok(format!("{through}: {}", words.join(" ")))
}

#[test]
fn words_stay_words() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("hostname", &[], "cmd: hostname"),
        ("echo", &["a", "b c"], "cmd: echo a \"b c\""),
        ("powershell.exe", &["-EncodedCommand", "aGk+/w=="], "cmd: powershell.exe -EncodedCommand aGk+/w=="),
        ("x", &["a&del", "(b)", "c^"], "cmd: x \"a&del\" \"(b)\" \"c^\""),
        ("x", &["a&b\\"], "cmd: x \"a&b\\\\\""),
        ("x", &[""], "cmd: x \"\""),
        ("C:\\Program Files\\x.exe", &["%PATH%"], "direct: \"C:\\Program Files\\x.exe\" %PATH%"),
        ("C:\\x.exe", &["say \"hi\"", "c:\\a b\\"], "direct: C:\\x.exe \"say \\\"hi\\\"\" \"c:\\a b\\\\\""),
        ("C:\\x.exe", &["a\\\\\"b"], "direct: C:\\x.exe \"a\\\\\\\\\\\"b\""),
        ("\\\\srv\\share\\x.exe", &["a&b"], "direct: \\\\srv\\share\\x.exe a&b"),
    ];
    for (executable, arguments, expected) in cases {
        let command = Command::program(*executable).arguments(arguments.iter().copied());
        assert_eq!(line(&command).as_deref(), Ok(*expected), "{executable} {arguments:?}");
    }
}

#[test]
fn what_cannot_stay_a_word_is_refused() {
    let argument = |position, character| CommandError::Argument { position, character };
    let cases: &[(&str, &[&str], CommandError)] = &[
        ("", &[], CommandError::Empty),
        ("a&b", &[], CommandError::Name { character: '&' }),
        ("a b", &[], CommandError::Name { character: ' ' }),
        ("%X%", &[], CommandError::Name { character: '%' }),
        ("x", &["ok", "%PATH%"], argument(2, '%')),
        ("x", &["say \"hi\""], argument(1, '"')),
        ("x", &["a\nb"], argument(1, '\n')),
    ];
    for (executable, arguments, expected) in cases {
        let command = Command::program(*executable).arguments(arguments.iter().copied());
        assert_eq!(line(&command), Err(expected.clone()), "{executable} {arguments:?}");
    }
}

#[test]
fn lines_that_would_be_cut_are_refused() {
    let fits = Command::program("x").argument("a".repeat(8_188));
    assert!(fits.request().is_ok());
    let over = Command::program("x").argument("a".repeat(8_189));
    assert_eq!(over.request().err(), Some(CommandError::TooLong { length: 8_192, limit: 8_191 }));
    let direct = Command::program("C:\\x.exe").argument("a".repeat(20_000));
    assert!(direct.request().is_ok());
    assert!(Command::cmd_line("echo ".repeat(2_000)).request().is_err());
}

#[test]
fn debug_shows_no_arguments() {
    let command = Command::program("net.exe").arguments(["use", "canary"]);
    let line = Command::cmd_line("net use canary");
    assert!(!format!("{command:?}{line:?}").contains("canary"));
}
