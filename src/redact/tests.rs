use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const PASSWORD: &str = "Pa$$w<o>r'd & \"wörld\"/1";

fn scrubber(secrets: &[&str]) -> Scrubber {
    let secrets: Vec<SecretString> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
    Scrubber::new(&secrets)
}

#[test]
fn a_redacted_value_is_not_shown() {
    let value = Redacted::new("canary".to_owned());
    assert_eq!(format!("{value} {value:?}"), "[redacted] [redacted]");
    assert_eq!(value.expose(), "canary");
}

#[test]
fn each_spelling_of_a_secret_is_found() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let utf16: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hexadecimal: String = PASSWORD.bytes().map(|byte| format!("{byte:02X}")).collect();
    let spellings = [
        PASSWORD.to_owned(),
        serde_json::Value::from(PASSWORD).to_string(),
        "Pa$$w&lt;o&gt;r'd &amp; \"wörld\"/1".to_owned(),
        "Pa$$w&lt;o&gt;r&apos;d &amp; &quot;wörld&quot;/1".to_owned(),
        "'Pa$$w<o>r''d & \"wörld\"/1'".to_owned(),
        "Pa%24%24w%3Co%3Er%27d%20%26%20%22w%C3%B6rld%22%2F1".to_owned(),
        "Pa%24%24w%3co%3er%27d+%26+%22w%c3%b6rld%22%2f1".to_owned(),
        format!("{PASSWORD:?}"),
        format!("Basic {}", STANDARD.encode(format!("CORP\\svc:{PASSWORD}"))),
        format!("Basic {}", STANDARD.encode(format!("svc:{PASSWORD}"))),
        format!("Basic {}", STANDARD.encode(format!("svc1:{PASSWORD}"))),
        STANDARD.encode(&utf16),
        hexadecimal,
    ];
    for spelling in spellings {
        let scrubbed = scrubber(&[PASSWORD]).scrub(&spelling).text.into_owned();
        assert!(scrubbed.contains(MARK), "{spelling} was not found");
    }
    // The NTLM hash of "Password" in MS-NLMP 4.2.4.1.1 is well known.
    let scrubbed = scrubber(&["Password"]).scrub("a4f49c406510bdcab6824ee7c30fd852 leaked").text.into_owned();
    assert_eq!(scrubbed, "[redacted] leaked");
}

#[test]
fn utf16_read_as_utf8_is_found() {
    let text: String = "hunter22".chars().flat_map(|letter| [letter, '\0']).collect();
    assert_eq!(scrubber(&["hunter22"]).scrub(&text).text, MARK);
}

#[test]
fn secrets_that_overlap_leave_nothing() {
    let scrubbed = scrubber(&["abcd1234", "1234wxyz"]).scrub("<abcd1234wxyz>");
    assert_eq!((scrubbed.text.as_ref(), scrubbed.redactions), ("<[redacted]>", 1));
}

#[test]
fn only_what_begins_a_secret_is_held_back() {
    let mut stream = scrubber(&["hunter22"]).stream();
    let mut out = String::new();
    for (piece, shown) in
        [("say hun", "say "), ("ter", "say "), ("!", "say hunter!"), (" hunter", "say hunter! ")]
    {
        stream.push(piece, &mut out);
        assert_eq!(out, shown);
    }
    stream.push("22", &mut out);
    stream.finish(&mut out);
    assert_eq!(out, "say hunter! [redacted]");
}

#[test]
fn a_short_secret_is_refused_and_not_searched() {
    let known = KnownSecrets::default();
    assert_eq!(known.learn(&SecretString::from("abc")), Learned::TooShort);
    assert_eq!(known.scrub("abc abc"), "abc abc");
}

#[test]
fn a_rotated_secret_is_found_beside_the_old_one() {
    let known = KnownSecrets::default();
    assert_eq!(known.learn(&SecretString::from("first-one")), Learned::Searched);
    assert_eq!(known.scrub("first-one second-one"), "[redacted] second-one");
    assert_eq!(known.learn(&SecretString::from("second-one")), Learned::Searched);
    assert_eq!(known.scrub("first-one second-one"), "[redacted] [redacted]");
}

#[test]
fn remote_text_loses_what_cannot_be_seen() {
    let cases: &[(&str, &str, u64)] = &[
        ("plain\ttext\n", "plain\ttext\n", 0),
        ("one\r\ntwo\r\r\nthree\rfour\r", "one\ntwo\nthree\nfour\n", 0),
        ("\x1b[31mred\x1b[0m", "red", 9),
        ("\u{9b}1;31mred", "red", 6),
        ("\x1b]0;title\x07shown", "shown", 10),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", 22),
        ("\x1b]0;never ended\nnext line", "\nnext line", 15),
        ("\x1b(Btext", "text", 3),
        ("nul\0 bell\x07 del\x7f", "nul bell del", 3),
        ("a\u{202e}b\u{2066}c", "abc", 2),
        ("a\u{200b}\u{feff}b\u{e0041}\u{e007f}", "ab", 4),
        ("snow☃ ünï 漢字 🦀", "snow☃ ünï 漢字 🦀", 0),
        ("\x1b[31\x1b[32mx", "x", 9),
        ("\x1b\x1bM!", "!", 3),
    ];
    for (input, expected, removed) in cases {
        let (text, count) = sanitize(input);
        assert_eq!((text.as_str(), count), (*expected, *removed), "{input:?}");
    }
}

#[test]
fn an_escape_that_never_ends_does_not_swallow_the_rest() {
    let text = format!("\x1b]0;{}", "x".repeat(10_000));
    assert!(sanitize(&text).0.len() > 5_000);
    let text = format!("\x1b[{}", "1".repeat(10_000));
    assert!(sanitize(&text).0.len() > 9_000);
}

/// Cuts `text` at each of the positions that is a character boundary.
fn pieces<'t>(text: &'t str, cuts: &[usize]) -> Vec<&'t str> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    cuts.retain(|&cut| text.is_char_boundary(cut));
    cuts.sort_unstable();
    let mut rest = text;
    let mut out = Vec::new();
    for cut in cuts.into_iter().rev() {
        let (before, after) = rest.split_at(cut);
        out.push(after);
        rest = before;
    }
    out.push(rest);
    out.reverse();
    out
}

proptest! {
    #[test]
    fn no_cutting_lets_a_secret_through(
        secrets in prop::collection::vec("[ab]{4,9}|[a-c&<é\"']{4,12}", 1..4),
        words in prop::collection::vec("[abc&é ]{0,6}", 0..12),
        chosen in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        cuts in prop::collection::vec(any::<usize>(), 0..30),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let mut text = String::new();
        for (n, word) in words.iter().enumerate() {
            text.push_str(word);
            if let Some(index) = chosen.get(n) {
                text.push_str(index.get::<&str>(&secrets));
            }
        }
        let scrubber = scrubber(&secrets);
        let whole = scrubber.scrub(&text);
        let mut stream = scrubber.stream();
        let mut out = String::new();
        for piece in pieces(&text, &cuts) {
            stream.push(piece, &mut out);
            // Hexadecimal of UTF-16 is the longest form: four digits a unit, and percent six a character.
            prop_assert!(stream.held() < 12 * 12);
        }
        stream.finish(&mut out);
        prop_assert_eq!(&out, whole.text.as_ref());
        prop_assert_eq!(stream.redactions(), whole.redactions);
        for secret in &secrets {
            prop_assert!(!out.replace(MARK, "\n").contains(secret), "{} in {}", secret, out);
        }
    }

    #[test]
    fn sanitizing_in_pieces_is_sanitizing(text in "(\\PC|\x1b|\\[|\\]|m|\r|\n|\x07|\u{9b}){0,40}", cuts in prop::collection::vec(any::<usize>(), 0..10)) {
        let mut sanitizer = Sanitizer::default();
        let mut out = String::new();
        for piece in pieces(&text, &cuts) {
            sanitizer.push(piece, &mut out);
        }
        sanitizer.finish(&mut out);
        prop_assert_eq!((out, sanitizer.removed()), sanitize(&text));
    }

    #[test]
    fn sanitized_text_is_left_alone(text in "\\PC{0,40}") {
        let (once, _) = sanitize(&text);
        prop_assert_eq!(sanitize(&once), (once.clone(), 0));
    }
}
