//! Scripts that are meant to hurt: refused soon, without deep recursion.

use std::time::{Duration, Instant};

use winrm_script::evaluate::{Ending, Limits};
use winrm_script::parse::{self, Class, MAX_BYTES, Reason};

use crate::evaluate::run;

/// As much as is taken, and less of it where nothing is optimised.
const SIZE: usize = if cfg!(debug_assertions) { MAX_BYTES / 8 } else { MAX_BYTES };

/// A piece to repeat, and what goes before and behind.
const SHAPES: &[(&str, &str, &str)] = &[
    ("", "(", ""),
    ("", "{", ""),
    ("", "[", ""),
    ("", "@{a=", ""),
    ("", "$(", ""),
    ("", "@(", ""),
    ("", "\"$(", ""),
    ("", "a\"$(\"", ""),
    ("", "'", ""),
    ("", "''", ""),
    ("", "\"", ""),
    ("\"", "$(", ""),
    ("\"", "$(a)", "\""),
    ("\"", "$a", "\""),
    ("\"", "`", "\""),
    ("", "!", "1"),
    ("", "- ", "1"),
    ("", "-not ", "1"),
    ("", ",", "1"),
    ("", "[int]", "1"),
    ("1", "+1", ""),
    ("1", ",1", ""),
    ("1", "..1", ""),
    ("1", " -eq 1", ""),
    ("$a", ".a", ""),
    ("$a", "[0]", ""),
    ("$a", ".a()", ""),
    ("$a", "=$a", ""),
    ("", "a|", "a"),
    ("", "a;", ""),
    ("", "a\n", ""),
    ("a", " a", ""),
    ("a", " -a", ""),
    ("a", " -a:", "1"),
    ("a", " 2>a", ""),
    ("", "if(1){", ""),
    ("if(1){}", "elseif(1){}", ""),
    ("", "function a{", ""),
    ("", "try{}catch{", ""),
    ("", "try{", ""),
    ("", "switch(1){a{", ""),
    ("", ":a foreach($a in ", ""),
    ("", "return ", "1"),
    ("", "<#", ""),
    ("", "<##>", "a"),
    ("", "#\n", "a"),
    ("", "#", ""),
    ("", "`\n", "a"),
    ("", "`", ""),
    ("", "\n", ""),
    ("", " ", ""),
    ("", "@'\n", ""),
    ("@'\n", "'\n", "'@"),
    ("@\"\n", "$(1)\n", "\"@"),
    ("", "1", ""),
    ("0x", "1", ""),
    ("1e", "1", ""),
    ("", "$", ""),
    ("", "${", ""),
    ("${", "a", "}"),
    ("", "-", ""),
    ("", "--", ""),
    ("", "a", ""),
    ("a ", "$a", ""),
    ("a ", "1", "x"),
    ("a\n", "#\n", "|b"),
    ("", "a\n#\n", ""),
    ("", "a\n# b\n", "|b"),
    ("@{", "a=1;", "}"),
    ("param(", "$a,", "$b)"),
    ("", "[a", ""),
    ("[a", "[]", "]$x"),
    ("", "\u{2018}", ""),
    ("", "𝕏", ""),
];

#[test]
fn much_of_anything_ends_soon() {
    let mut slow = Vec::new();
    for (before, piece, after) in SHAPES {
        let times = (SIZE - before.len() - after.len()) / piece.len();
        let script = format!("{before}{}{after}", piece.repeat(times));
        let start = Instant::now();
        let result = parse::script(&script);
        let took = start.elapsed();
        let outcome = result.map(|_| ()).map_err(|refusal| refusal.reason());
        eprintln!("{took:>10.1?}  {before:?} {piece:?}… {after:?}: {outcome:?}");
        if took > Duration::from_secs(2) {
            slow.push(format!("{before:?} {piece:?} {after:?} took {took:?}"));
        }
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn nesting_has_a_limit_and_trees_have_a_height() {
    for (before, piece, after) in SHAPES {
        for times in [3, 30, 70, 250, 300] {
            let script = format!("{before}{}{after}", piece.repeat(times));
            // Dropping, comparing and printing a tree are recursions too.
            if let Ok(tree) = parse::script(&script) {
                assert_eq!(tree.clone(), tree);
                assert!(tree.commands().count() <= script.len());
                assert!(format!("{tree:?}").len() > 10);
            }
        }
    }
    let nested = |times| format!("{}1{}", "(".repeat(times), ")".repeat(times));
    assert!(parse::script(&nested(20)).is_ok());
    let refusal = parse::script(&nested(80)).expect_err("too deep");
    assert_eq!((refusal.reason(), refusal.reason().class()), (Reason::TooDeep, Class::Limit));
    let chain = |times| format!("1{}", "+1".repeat(times));
    assert!(parse::script(&chain(200)).is_ok());
    assert_eq!(parse::script(&chain(300)).map_err(|refusal| refusal.reason()), Err(Reason::TooDeep));
}

#[test]
fn bytes_that_are_no_text_have_a_place() {
    let refusal = parse::script_from_bytes(b"Get-Item\n 'a\xff'").expect_err("not UTF-8");
    assert_eq!(refusal.reason(), Reason::NotUtf8);
    assert_eq!((refusal.position().line, refusal.position().column, refusal.span().start), (2, 4, 12));
    let refusal = parse::script("Get-Item\r\n  )").expect_err("a parenthesis too many");
    assert_eq!(refusal.to_string(), "line 2, column 3: this has no place here; correct it");
    assert_eq!(parse::script("a\0").map_err(|refusal| refusal.reason()), Err(Reason::Nul));
    let long = " ".repeat(MAX_BYTES + 1);
    assert_eq!(parse::script(&long).map_err(|refusal| refusal.reason()), Err(Reason::TooLong));
}

/// Values lie in each other as deep as a script likes: looking at them and letting go of them takes no stack.
#[test]
fn values_in_each_other_overflow_nothing() {
    for nest in [
        "$a = , $a",
        "$a = @{ a = $a }",
        "$a = [ordered]@{ a = $a }",
        "$a = [pscustomobject]@{ a = $a }",
        "$a = @(1, @{ b = $a })",
        "$a = , (Add-Member -InputObject $a -NotePropertyName n -NotePropertyValue 1 -PassThru)",
        "$l = [Collections.ArrayList]::new(); [void]$l.Add($a); $a = $l",
    ] {
        let script = format!(
            "$a = , 1; foreach ($i in 1..20000) {{ {nest} }}; if ($a) {{ 'x' }}; $t = \"$a\" + ($a | Out-String); $a = 1"
        );
        let result = run(&script, Limits::default());
        assert_eq!(result, Ok((vec!["x".to_owned()], Vec::new(), Ending::Complete)), "{script}");
        // What leaves the script is deep too.
        let script = format!("$a = , 1; foreach ($i in 1..20000) {{ {nest} }}; , $a");
        let (output, ..) = run(&script, Limits::default()).expect("it runs");
        assert_eq!(output.len(), 1, "{script}");
    }
}
