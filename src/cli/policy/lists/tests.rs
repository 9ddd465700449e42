use super::*;

/// The list behind adding or removing; `|` ends a line.
fn changed(before: &str, change: impl FnOnce(&mut Array)) -> String {
    let mut document: DocumentMut = format!("allow = {}", before.replace('|', "\n")).parse().unwrap();
    change(document["allow"].as_array_mut().unwrap());
    let text = document.to_string();
    let list = text.strip_prefix("allow = ").unwrap().trim_end().replace('\n', "|");
    let again: DocumentMut = text.parse().unwrap();
    assert!(again["allow"].is_array());
    list
}

#[test]
fn an_entry_is_added_in_the_manner_of_the_others() {
    for (before, after) in [
        ("[]", r#"["x"]"#),
        (r#"["a"]"#, r#"["a", "x"]"#),
        (r#"["a", "b"] # two"#, r#"["a", "b", "x"] # two"#),
        (r#"[|  "a",|]"#, r#"[|  "a",|  "x",|]"#),
        (r#"[|  "a", # why|  # more|]"#, r#"[|  "a", # why|  # more|  "x",|]"#),
        (r#"[|  "a" # why|]"#, r#"[|  "a", # why|  "x",|]"#),
        (r#"[|  "a",|  "b"|]"#, r#"[|  "a",|  "b",|  "x",|]"#),
    ] {
        assert_eq!(changed(before, |array| push(array, "x")), after, "{before}");
    }
}

#[test]
fn an_entry_is_removed_with_the_comment_on_its_line() {
    for (before, at, after) in [
        (r#"["a"]"#, 0, "[]"),
        (r#"["a", "b", "c"]"#, 0, r#"["b", "c"]"#),
        (r#"["a", "b", "c"]"#, 1, r#"["a", "c"]"#),
        (r#"["a", "b", "c"]"#, 2, r#"["a", "b"]"#),
        (r#"[|  "a", # why a|  "b", # why b|  "c", # why c|]"#, 1, r#"[|  "a", # why a|  "c", # why c|]"#),
        (r#"[|  # of all|  "a", # why a|  # of b|  "b",|]"#, 0, r#"[|  # of all|  # of b|  "b",|]"#),
        (r#"[|  "a", # why a|  "b", # why b|]"#, 1, r#"[|  "a", # why a|]"#),
        (r#"[|  "a",|  # of b|  "b", # why b|]"#, 1, r#"[|  "a",|  # of b|]"#),
    ] {
        assert_eq!(changed(before, |array| remove(array, at)), after, "{before}");
    }
}
