//! What the codes of faults mean, and what to do about each.

use std::collections::{BTreeMap, BTreeSet};

use winrm_proto::wsman::Fault;
use winrm_proto::wsman::fault::{Cause, FaultCode, Retry, symbolic_name, symbolic_names};

use crate::measured;

#[test]
fn codes_that_clients_of_shells_meet() {
    for (code, cause, retry) in [
        (0x8033_8029, Cause::OperationTimedOut, Retry::AtOnce),
        (0x8033_805B, Cause::ShellGone, Retry::InNewShell),
        (0x8033_81A5, Cause::TooManyShells, Retry::Later),
        (0x8033_81E4, Cause::TooManyShells, Retry::Later),
        (0x8033_81A6, Cause::TooManyOperations, Retry::InNewShell),
        (0x8033_81E8, Cause::TooManyOperations, Retry::InNewShell),
        (0x8033_81E9, Cause::TooManyCommands, Retry::InNewShell),
        (0x8033_81A8, Cause::Overloaded, Retry::Later),
        (0x8033_81AB, Cause::TooManyUsers, Retry::Later),
        (0x8033_8041, Cause::InvalidRequest, Retry::Never),
        (0x8033_801A, Cause::InvalidQuery, Retry::Never),
        (0x8033_8026, Cause::EnvelopeTooLarge, Retry::Never),
        (0x8033_81C4, Cause::ShellDisconnected, Retry::AfterReconnect),
        (0x8033_81DE, Cause::ShellDisconnected, Retry::AfterReconnect),
        (0x8033_81AC, Cause::RemoteShellsDisabled, Retry::Never),
        (5, Cause::AccessDenied, Retry::Never),
        (0x8007_0005, Cause::AccessDenied, Retry::Never),
        (995, Cause::Aborted, Retry::Later),
        (0x8007_03E3, Cause::Aborted, Retry::Later),
        (170, Cause::Busy, Retry::Later),
        (0x8007_00AA, Cause::Busy, Retry::Later),
        (0x8007_0002, Cause::ProgramNotFound, Retry::Never),
        (0x8007_00CE, Cause::CommandTooLong, Retry::Never),
        (0x8007_010B, Cause::DirectoryNotFound, Retry::Never),
        (0x8007_052E, Cause::LogonFailed, Retry::Never),
        (0x8007_045B, Cause::Unavailable, Retry::Later),
        (0, Cause::Other, Retry::Never),
        (u32::MAX, Cause::Other, Retry::Never),
        (0x8000_FFFF, Cause::Other, Retry::Never),
    ] {
        assert_eq!(Cause::from_code(code), cause, "{code:#x}");
        assert_eq!(cause.advice().retry, retry, "{code:#x}");
    }
}

#[test]
fn a_fault_without_a_code_is_known_by_its_subcode() {
    for (subcode, cause) in [
        (Some("TimedOut"), Cause::OperationTimedOut),
        (Some("AccessDenied"), Cause::AccessDenied),
        (Some("QuotaLimit"), Cause::Overloaded),
        (Some("InternalError"), Cause::Other),
        (None, Cause::Other),
    ] {
        let fault = Fault { subcode: subcode.map(str::to_owned), ..Fault::default() };
        assert_eq!(fault.cause(), cause, "{subcode:?}");
        assert_eq!(fault.is_operation_timeout(), cause == Cause::OperationTimedOut);
    }
}

#[test]
fn only_the_timeout_of_the_operation_asks_for_another_receive() {
    for (code, expected) in
        [(0x8033_8029, true), (0x8033_81DC, false), (0x8033_801C, false), (0x8033_8126, false)]
    {
        // The subcode is the same for all of these; the number decides.
        let fault = Fault::new(FaultCode::Receiver, "TimedOut", code, "HOST", "late");
        assert_eq!(fault.is_operation_timeout(), expected, "{code:#x}");
    }
}

#[test]
fn every_code_has_a_name_and_a_cause() {
    let codes: Vec<(u32, &str)> = symbolic_names().collect();
    assert_eq!(codes.len(), 512);
    assert!(codes.is_sorted_by(|before, after| before.0 < after.0));
    let mut causes = BTreeMap::new();
    for (code, name) in codes {
        assert_eq!(symbolic_name(code), Some(name));
        causes.entry(format!("{:?}", Cause::from_code(code))).or_insert_with(Vec::new).push(name);
    }
    let other = causes.remove("Other").unwrap_or_default();
    assert!(other.len() < 12, "{} codes without a cause: {other:?}", other.len());
    assert_eq!(symbolic_name(0x8033_8200), None);
    assert_eq!(symbolic_name(5), None);
}

#[test]
fn advice_is_sentences() {
    let mut seen = BTreeSet::new();
    let windows = (0..=8191).map(Cause::from_code);
    for cause in windows.chain(symbolic_names().map(|(code, _)| Cause::from_code(code))) {
        let advice = cause.advice();
        for sentence in [advice.sentence, advice.fix] {
            assert!(
                sentence.ends_with('.') && !sentence.contains("  ") && sentence.len() < 260,
                "{sentence}"
            );
        }
        seen.insert(advice.sentence);
    }
    assert_eq!(seen.len(), CAUSES, "a cause that no code leads to, or two with the same sentence");
}

#[test]
fn the_table_is_the_recorded_one() {
    let Some(folder) = measured::recorded("faults") else { return };
    let recorded = std::fs::read_to_string(folder.join("wsman_error_codes.tsv")).unwrap();
    let mut count = 0;
    for line in recorded.lines().skip(1) {
        let mut fields = line.split('\t');
        let (decimal, hexadecimal, name) =
            (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let code: u32 = decimal.parse().unwrap();
        assert_eq!(hexadecimal, format!("0x{code:08X}"));
        assert_eq!(symbolic_name(code), Some(name));
        count += 1;
    }
    assert_eq!(count, symbolic_names().count());
}

/// How many causes there are.
const CAUSES: usize = 35;
