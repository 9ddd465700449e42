//! What the README says is what the program does.

use std::fs;

use winrm_mcp::{remedy::Code, tools::Toolbox};

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The rows of the table under a heading, each with its cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = readme();
    let section = text.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let rows =
        section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

#[test]
fn the_table_of_tools_names_each_tool_and_whether_it_changes_a_host() {
    let toolbox = Toolbox::new();
    let rows = table("Tools");
    let tools: Vec<_> = toolbox.definitions().collect();
    assert_eq!(rows.len(), tools.len());
    for (row, tool) in rows.iter().zip(tools) {
        assert_eq!(row[0], format!("`{}`", tool.name));
        let looks = tool.annotations.as_ref().unwrap().read_only_hint.unwrap();
        assert_eq!(row[2] == "no", looks, "{}", tool.name);
    }
}

#[test]
fn the_table_of_exit_codes_names_each_code() {
    let documented: Vec<u8> = table("Exit codes").iter().filter_map(|row| row[0].parse().ok()).collect();
    let codes = [
        Code::Usage,
        Code::Unreachable,
        Code::Internal,
        Code::TryLater,
        Code::Tls,
        Code::Authentication,
        Code::Configuration,
        Code::ApprovalMissing,
        Code::SomeHostsFailed,
        Code::TimedOut,
        Code::Denied,
        Code::Interrupted,
    ];
    for code in codes {
        assert!(documented.contains(&code.exit()), "{code}: {}", code.exit());
    }
}

#[test]
fn the_two_commands_stand_on_the_first_screen() {
    let first: String = readme().lines().take(45).collect::<Vec<_>>().join("\n");
    assert!(first.contains("\ncargo run --release -- demo\n"));
    assert!(first.contains("\ncargo test --workspace\n"));
}
