use super::*;

#[test]
fn expressions_that_end_pass() {
    for text in [
        "",
        "error",
        "^Win",
        "(?i)failed|denied",
        "a.*b.*c",
        r"\d+\.\d+\.\d+\.\d+",
        r"\S+\s+\S+",
        "[a-z]+@[a-z]+",
        "(?:ab){2}",
        "(ab)+",
        "(?<year>[0-9]{4})-[0-9]{2}",
        "(a|b)?c",
        "[]x]+",
        "[^]]*",
        r"\p{Lu}x*",
        "a{,3}",
        "x{",
        r"C:\\Windows\\.*\.exe",
        "a+?b",
        "failed|a.*b.*c|d.*e.*f",
        "error.*failed",
        r"Error.*code:\s*\d+$",
        "[^,]*,[^,]*,[^,]*,[^,]*,x",
        r"^\s*(start|stop)(ed|ping)?\b",
        "colou?r",
        r"(\d+\.)?\d",
        r"\w+\s*=\s*\w+",
        "(ab)+cd",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn expressions_that_burn_are_refused() {
    let long = "a".repeat(201);
    let neighbours = "a*".repeat(12) + "b";
    let digits = r"\d+".repeat(12) + "x";
    let in_groups = "(a*)".repeat(10) + "b";
    let optional = "a?".repeat(30) + &"a".repeat(30);
    let choices = "(a|aa)".repeat(20) + "b";
    let bounded = "a{0,16}".repeat(6) + "b";
    let cases = [
        ("(a+)+", RegexFault::Nested),
        ("(a|aa)+$", RegexFault::Nested),
        ("((a)*b)*", RegexFault::Nested),
        ("(?:a?){20}", RegexFault::Nested),
        ("(([a-z])+.)+[A-Z]", RegexFault::Nested),
        (".*.*x", RegexFault::Repetitions),
        (r"\w+\w+@", RegexFault::Repetitions),
        (".*a.*b.*c.*d.*e", RegexFault::Repetitions),
        (".{0,500}.{0,500}", RegexFault::Repetitions),
        (&neighbours, RegexFault::Repetitions),
        (&digits, RegexFault::Repetitions),
        (&in_groups, RegexFault::Repetitions),
        (&optional, RegexFault::Repetitions),
        (&choices, RegexFault::Repetitions),
        (&bounded, RegexFault::Repetitions),
        (r"\d*[^a]*x", RegexFault::Repetitions),
        ("a*b?a*", RegexFault::Repetitions),
        (r"a*\ba*", RegexFault::Repetitions),
        ("A*(?:b|a+)c", RegexFault::Repetitions),
        ("a*(ab)*c", RegexFault::Repetitions),
        (r"\x61*a*", RegexFault::Repetitions),
        ("(?:a*|b)a*c", RegexFault::Repetitions),
        ("k*\u{212A}*", RegexFault::Repetitions),
        (".*a.*b.*c", RegexFault::Repetitions),
        (r"(a)\1", RegexFault::Backreference),
        (r"(?<x>a)\k<x>", RegexFault::Backreference),
        ("(?=a)", RegexFault::Group),
        ("(?!a)", RegexFault::Group),
        ("(?<=a)", RegexFault::Group),
        ("(?<!a)", RegexFault::Group),
        ("(?>a+)", RegexFault::Group),
        ("(?(a)b|c)", RegexFault::Group),
        ("(?x) a", RegexFault::Group),
        ("(?i:a)", RegexFault::Group),
        ("(?#", RegexFault::Group),
        ("(", RegexFault::Syntax),
        (")", RegexFault::Syntax),
        ("[a", RegexFault::Syntax),
        ("[a-z-[aeiou]]", RegexFault::Syntax),
        ("*a", RegexFault::Syntax),
        ("a**", RegexFault::Syntax),
        ("a\\", RegexFault::Syntax),
        (&long, RegexFault::TooLong),
    ];
    for (text, fault) in cases {
        assert_eq!(check(text), Err(fault), "{text}");
    }
}
