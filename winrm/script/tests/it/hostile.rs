//! Scripts that are meant to hurt: refused soon, without deep recursion.

use std::time::{Duration, Instant};

use winrm_script::evaluate::{Ending, Limit, Limits};
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

/// Each turn counts as a millisecond here: an operation that does not pause would end in one, whatever it takes.
#[test]
fn a_long_operation_pauses() {
    let soon = Limits { time: Duration::from_millis(40), ..Limits::default() };
    for script in [
        "$a = 1..200000; 1..50 | ForEach-Object { $a -contains -1 } | Out-Null",
        "$a = 1..200000; $x = ($a -contains -1) -or ($a -contains -2) -or ($a -contains -3) -or (-4 -in $a)",
        "$a = 1..700000; $x = $a -eq -1",
        "$a = 1..5000; 1..400 | Where-Object { $a -contains -1 } | Out-Null",
        "$o = [pscustomobject]@{ a = 1..50000 }; 1..50 | ForEach-Object { $o } | Where-Object a -contains -1",
        "$x = Compare-Object (@('a') + 1..300) (@('b') + 1001..1300)",
        "$a = 1..80000; $x = $a -replace 'a', 'b'",
        "$a = 1..80000; $x = $a -split ','",
        "$x = 1..400 | Select-Object -Unique",
        "$a = 1..60000; $x = $a | Sort-Object",
        "$x = 1..200 | ForEach-Object { $_, \"a$_\" } | Group-Object",
    ] {
        let result = run(script, soon);
        assert_eq!(result.map_err(|refusal| refusal.limit), Err(Some(Limit::Time)), "{script}");
    }
    // Sorting in pieces is sorting; what is equal comes as .NET leaves it.
    for (script, expected) in [
        ("$x = 5000..1 | Sort-Object; \"$($x[0, 1, 1023, 1024, 4999])\"", "1 2 1024 1025 5000"),
        (
            "$x = 1..5000 | Sort-Object { $_ % 2 } -Descending; \"$($x[0, 1, 2, 2499, 2500, 4999])\"",
            "1 2057 2059 1003 4150 5000",
        ),
        (
            "$x = 1..5000 | Group-Object { $_ % 3 }; \"$($x.Name) $($x[1].Group[0, 1, 1666])\"",
            "0 1 2 1 4 4999",
        ),
    ] {
        let result = run(script, Limits::default());
        assert_eq!(result.map(|(output, ..)| output), Ok(vec![expected.to_owned()]), "{script}");
    }
    for (script, expected) in [
        ("$x = 1..30000 -replace '^1', 'y'; \"$($x.Count) $($x[0, 1, 29999])\"", "30000 y 2 30000"),
        ("$x = (1..30000) -split '0'; \"$($x.Count) $($x[8, 9, 10])\"", "40893 9 1 "),
    ] {
        let result = run(script, Limits::default());
        assert_eq!(result.map(|(output, ..)| output), Ok(vec![expected.to_owned()]), "{script}");
    }
    // Places in a text are counted once.
    for (script, expected) in [
        ("$m = [regex]::Matches('é' * 90000, '(.)'); \"$($m.Count) $($m[89999].Index)\"", Ok("90000 89999")),
        (
            "[regex]::Matches('a' * 200000, 'a').Count",
            Err("more than 100,000 matches of a regular expression"),
        ),
    ] {
        let result = run(script, Limits::default());
        let own = result.map(|(output, ..)| output.join("")).map_err(|refusal| refusal.reason);
        assert_eq!(own, expected.map(str::to_owned).map_err(str::to_owned), "{script}");
    }
    // What can be looked up is not compared one by one.
    let few = Limits { steps: 400_000, ..Limits::default() };
    for (script, expected) in [
        ("(Compare-Object (1..5000) (2501..7500)).Count", "5000"),
        ("(Compare-Object ('a', 'b', 'b', 'C') ('B', 'c', 'd', 'b')).InputObject -join ','", "d,a"),
    ] {
        assert_eq!(run(script, few).map(|(output, ..)| output), Ok(vec![expected.to_owned()]), "{script}");
    }
}

/// Each would take far more than there is, were it made before it is counted.
#[test]
fn there_is_room_before_anything_is_made() {
    let little = Limits { memory: 128 << 20, ..Limits::default() };
    let long = "$b = 'a' * 1000000; $x = @($b) * 100000; ";
    for script in [
        "('a' * 1000000).Replace('a', ('b' * 1000000))",
        "[string]::Join('a' * 1000000, (@(1) * 1000000))",
        "[string]::Concat(@('a' * 16000000) * 1000000)",
        "$OFS = 'a' * 1000000; \"$(1..1000000)\"",
        "\"$x\"",
        "\"$($x)\"",
        "$x | Out-String",
        "$x | Format-List | Out-String",
        "$x -join ','",
        "-join $x",
        "'a' + $x",
        "'a' -eq $x",
        "'a' -like $x",
        "[string]$x",
        "[string]$y = $x",
        "throw $x",
        "Write-Host $x",
        "Write-Output $x -NoEnumerate | ForEach-Object { $_.ToString() }",
        "'a'.Insert(0, $x)",
        "$h = @{}; $h[$x]",
        "('a' * 16000000).ToCharArray()",
        "[char[]]('a' * 16000000)",
        "(',' * 16000000).Split(',')",
        "(',' * 16000000) -split ','",
        "'a'.PadLeft(16000000).PadRight(16777216) * 8",
        "1..16000000",
        "@(1) * 16000000",
        "$b = 'a' * 16000000; \"$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b$b\"",
    ] {
        let script = if script.contains("$x") { format!("{long}{script}") } else { script.to_owned() };
        let result = run(&script, little);
        assert_eq!(result.map_err(|refusal| refusal.limit), Err(Some(Limit::Memory)), "{script}");
    }
}
