//! The order of modules (ARCHITECTURE.md): a module names only modules above it.
//!
//! Tokens are read rather than lines, so that braces in `use`, paths inside macros and `super::` chains count.

use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};

/// Modules of `src/`, from the top of the house down.
const ROOT: &[&str] = &[
    "remedy",
    "call",
    "redact",
    "secret",
    "inventory",
    "policy",
    "reviewed",
    "explain",
    "output",
    "audit",
    "session",
    "invocation",
    "doctor",
    "tools",
    "server",
    "telemetry",
    "config",
    "cli",
];

/// Modules of `winrm/proto/src/`.
const PROTO: &[&str] = &["xml", "wsman", "clixml", "auth", "winrs", "psrp", "cim", "connection", "exchange"];

#[test]
fn root_modules_name_only_modules_above_them() {
    assert_order("src", ROOT);
}

#[test]
fn proto_modules_name_only_modules_above_them() {
    assert_order("winrm/proto/src", PROTO);
}

#[test]
fn nothing_in_the_crate_can_make_an_authorized_but_policy() {
    for file in rust_files(&workspace().join("src/policy")) {
        let source = fs::read_to_string(&file).unwrap();
        if source.contains("pub struct Authorized") {
            let widened = source.contains("pub(crate)") || source.contains("pub(in");
            assert!(!widened, "{}: nothing may be visible beyond policy", file.display());
            return;
        }
    }
    panic!("`pub struct Authorized` is gone from src/policy");
}

/// Judged, on record, then sent: one file holds the three together.
#[test]
fn what_is_sent_goes_one_way() {
    for file in rust_files(&workspace().join("src")) {
        let module = module_of(&workspace().join("src"), &file);
        if module.first().is_some_and(|top| top == "session") || module.join("/") == "invocation/way" {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        for sending in ["sessions.lease(", "lease.call(", "lease.run("] {
            assert!(!source.contains(sending), "{}: {sending}", file.display());
        }
    }
}

#[test]
fn the_checker_sees_braces_macros_and_super_chains() {
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("use crate::{cli::Exit, call};", &["policy"], &["cli", "call"]),
        ("use crate::cli;", &["policy"], &["cli"]),
        ("fn f() { println!(\"{}\", crate::server::NAME) }", &["policy"], &["server"]),
        ("use super::super::tools::Tool;", &["policy", "rule"], &["tools"]),
        ("mod inner { use super::super::tools::Tool; }", &["policy"], &["tools"]),
        ("use super::{rule, super::cli};", &["policy", "judge"], &["cli"]),
        ("use super::rule;", &["policy", "judge"], &[]),
        ("pub(crate) fn f() {}", &["policy"], &[]),
        ("mod inner { use super::helper; }", &["policy"], &[]),
    ];
    for (source, module, expected) in cases {
        let mut named = Vec::new();
        let module = module.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        scan(source.parse().unwrap(), &module, &mut named);
        assert_eq!(named, *expected, "{source}");
    }
}

fn assert_order(source: &str, order: &[&str]) {
    let root = workspace().join(source);
    let rank = |name: &str| order.iter().position(|known| *known == name);
    let mut broken = Vec::new();
    for file in rust_files(&root) {
        let module = module_of(&root, &file);
        let Some(top) = module.first() else { continue };
        let Some(own) = rank(top) else {
            broken.push(format!("{}: module `{top}` has no rank in tests/it/order.rs", file.display()));
            continue;
        };
        let mut named = Vec::new();
        scan(fs::read_to_string(&file).unwrap().parse().unwrap(), &module, &mut named);
        for name in named {
            if rank(&name).is_some_and(|other| other > own) {
                broken.push(format!("{}: `{top}` names `{name}`, which stands below it", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Collects the top-level modules that `tokens`, standing in `module`, name.
fn scan(tokens: TokenStream, module: &[String], named: &mut Vec<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if word == "crate" && path_follows(&tokens, at) => {
                at = path(&tokens, at + 3, &[], named);
            }
            TokenTree::Ident(word) if word == "super" && path_follows(&tokens, at) => {
                let parent = &module[..module.len().saturating_sub(1)];
                at = path(&tokens, at + 3, parent, named);
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                    (tokens.get(at + 1), tokens.get(at + 2))
                {
                    let mut inner = module.to_vec();
                    inner.push(name.to_string());
                    scan(body.stream(), &inner, named);
                    at += 3;
                } else {
                    at += 1;
                }
            }
            TokenTree::Group(group) => {
                scan(group.stream(), module, named);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads what follows `base::`: a name, `super`, or braces. Returns where the path's first step ends.
fn path(tokens: &[TokenTree], at: usize, base: &[String], named: &mut Vec<String>) -> usize {
    match tokens.get(at) {
        Some(TokenTree::Ident(word)) if word == "super" && path_follows(tokens, at) => {
            path(tokens, at + 3, &base[..base.len().saturating_sub(1)], named)
        }
        Some(TokenTree::Ident(word)) => {
            if base.is_empty() && word != "self" {
                named.push(word.to_string());
            }
            at + 1
        }
        Some(TokenTree::Group(group)) => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            for item in inner.split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ',')) {
                path(item, 0, base, named);
            }
            at + 1
        }
        _ => at + 1,
    }
}

/// Whether `::` follows the token at `at`.
fn path_follows(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |index: usize| matches!(tokens.get(index), Some(TokenTree::Punct(p)) if p.as_char() == ':');
    colon(at + 1) && colon(at + 2)
}

fn module_of(root: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(root).unwrap().with_extension("");
    let mut parts: Vec<String> =
        relative.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    match parts.first().map(String::as_str) {
        Some("lib" | "main" | "bin") => Vec::new(),
        _ => parts,
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
