use std::{cell::Cell, fs};

use time::Duration as Span;

use super::*;
use crate::secret::Environment;

thread_local! {
    /// Seconds after noon; each test has a thread of its own.
    static LATER: Cell<i64> = const { Cell::new(0) };
}

fn clock() -> OffsetDateTime {
    time::macros::datetime!(2026-11-21 12:00:00 UTC) + Span::seconds(LATER.get())
}

/// A folder for approvals, and what is configured for them.
struct Desk {
    folder: tempfile::TempDir,
    approvals: Approvals,
}

impl Desk {
    fn new(passphrase: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reference = passphrase.map(|text| {
            let path = folder.path().join("passphrase");
            fs::write(&path, text).unwrap();
            Reference::File(path)
        });
        let settings = Settings {
            folder: folder.path().join("approvals"),
            user: None,
            passphrase: reference,
            webhook: None,
        };
        let secrets = Secrets::new(Environment::of_this_process(), KnownSecrets::default());
        Self { approvals: Approvals::with_clock(settings, secrets, clock), folder }
    }

    /// Takes the approval, or asks.
    fn redeem(&self, request: &Request) -> Result<Approval, Missing> {
        redeem(&self.approvals, request)
    }

    fn approve(&self, request: &Request) -> Result<(), ApprovalError> {
        self.approvals.approve(&request.id(), std::slice::from_ref(request), None)
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("approvals")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// What there is instead of an approval.
#[derive(Debug, PartialEq, Eq)]
struct Missing {
    asked: Result<Required, ApprovalError>,
    unusable: Option<ApprovalError>,
}

fn redeem(approvals: &Approvals, request: &Request) -> Result<Approval, Missing> {
    let unusable = match approvals.claim(request) {
        Ok(Some(claim)) => return Ok(claim.use_up().unwrap()),
        Ok(None) => None,
        Err(error) => Some(error),
    };
    Err(Missing { asked: approvals.put(request, &background()), unusable })
}

fn request() -> Request {
    Request {
        principal: "local".to_owned(),
        host: "web-01".to_owned(),
        configuration_name: None,
        policy: "p1".to_owned(),
        kind: "powershell".to_owned(),
        form: "Restart-Service -Name 'W32Time'".to_owned(),
    }
}

fn background() -> Background {
    Background { tool: "execute_command".to_owned(), rule: "restarts".to_owned(), risk: "change".to_owned() }
}

fn required(result: Result<Approval, Missing>) -> Required {
    result.unwrap_err().asked.unwrap()
}

/// Why it was not asked for.
fn asked(result: Result<Approval, Missing>) -> ApprovalError {
    result.unwrap_err().asked.unwrap_err()
}

/// Why the approval that was there does not count.
fn unusable(result: Result<Approval, Missing>) -> Option<ApprovalError> {
    result.unwrap_err().unusable
}

#[test]
fn an_approval_is_asked_for_given_and_used_once() {
    let desk = Desk::new(None);
    assert_eq!(desk.files(), [""; 0]);
    let asked = required(desk.redeem(&request()));
    assert_eq!(asked.command(), format!("winrm-mcp approve {}", request().id()));
    // Asked for twice, it waits once.
    assert_eq!(required(desk.redeem(&request())).id, asked.id);
    let [pending] = &desk.approvals.pending().unwrap()[..] else { panic!("one request waits") };
    assert_eq!((&pending.request, &pending.background), (&request(), &background()));
    assert_eq!(desk.approvals.find(&asked.id.as_str().split_at(6).0.to_uppercase()).unwrap(), *pending);

    desk.approve(&request()).unwrap();
    assert_eq!(desk.approvals.pending().unwrap(), []);
    assert_eq!(desk.redeem(&request()).unwrap().id, asked.id);
    assert_eq!(unusable(desk.redeem(&request())), None);
}

#[test]
fn every_part_of_a_request_is_its_digest() {
    let other = |change: fn(&mut Request)| {
        let mut other = request();
        change(&mut other);
        other
    };
    let others = [
        other(|request| request.principal.push('x')),
        other(|request| request.host.push('x')),
        other(|request| request.configuration_name = Some(String::new())),
        other(|request| request.configuration_name = Some("JEA".to_owned())),
        other(|request| request.policy.push('x')),
        other(|request| request.kind = "raw_powershell".to_owned()),
        other(|request| request.form = "Restart-Service -Name 'Spooler'".to_owned()),
        // What one field loses another gets.
        other(|request| {
            request.principal = "loca".to_owned();
            request.host = "lweb-01".to_owned();
        }),
    ];
    let desk = Desk::new(None);
    for (index, other) in others.iter().enumerate() {
        assert_ne!(other.digest(), request().digest(), "{index}");
        desk.approve(&request()).unwrap();
        required(desk.redeem(other));
        assert!(desk.redeem(&request()).is_ok(), "{index}");
    }
    assert_eq!(other(|request| request.host = "WEB-01".to_owned()).digest(), request().digest());
}

#[test]
fn what_is_too_old_counts_no_more() {
    let desk = Desk::new(None);
    let asked = required(desk.redeem(&request()));
    LATER.set(299);
    desk.approvals.find(asked.id.as_str()).unwrap();
    LATER.set(300);
    assert_eq!(desk.approvals.find(asked.id.as_str()), Err(ApprovalError::Expired { id: asked.id.clone() }));
    assert_eq!(desk.approvals.pending().unwrap(), []);

    desk.approve(&request()).unwrap();
    LATER.set(600);
    assert_eq!(unusable(desk.redeem(&request())), Some(ApprovalError::Expired { id: asked.id }));
}

#[test]
fn one_approval_covers_each_host_of_a_set_once() {
    let desk = Desk::new(None);
    required(desk.redeem(&request()));
    let on = |host: &str| Request { host: host.to_owned(), ..request() };
    desk.approvals.approve(&request().id(), &[on("web-01"), on("web-02")], None).unwrap();
    for host in ["web-02", "web-01"] {
        assert!(desk.redeem(&on(host)).is_ok(), "{host}");
    }
    for host in ["web-01", "web-02", "web-03"] {
        required(desk.redeem(&on(host)));
    }
}

#[test]
fn a_passphrase_is_asked_for_and_an_approval_without_it_does_not_count() {
    let desk = Desk::new(Some("correct horse"));
    let approve = |text: &str| {
        let passphrase = SecretString::from(text);
        desk.approvals.approve(&request().id(), &[request()], Some(&passphrase))
    };
    assert_eq!(desk.approve(&request()), Err(ApprovalError::PassphraseMissing));
    assert_eq!(approve("correct hors"), Err(ApprovalError::WrongPassphrase));
    assert_eq!(desk.files(), [""; 0]);
    approve("correct horse").unwrap();
    let [name] = &desk.files()[..] else { panic!("one approval") };
    let path = desk.folder.path().join("approvals").join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.contains("horse"), "{text}");
    assert!(desk.redeem(&request()).is_ok());

    // By hand, by one who does not know the passphrase.
    let mut forged: serde_json::Value = serde_json::from_str(&text).unwrap();
    forged["expires"] = (clock().unix_timestamp() + 200).into();
    let without = {
        let mut without = forged.clone();
        without.as_object_mut().unwrap().remove("proof");
        without
    };
    let other_form = {
        let mut other: serde_json::Value = serde_json::from_str(&text).unwrap();
        other["request"]["form"] = "Stop-Computer".into();
        other
    };
    for document in [forged, without, other_form] {
        fs::write(&path, document.to_string()).unwrap();
        let unusable = unusable(desk.redeem(&request()));
        assert_eq!(unusable, Some(ApprovalError::Forged { id: request().id() }), "{document}");
    }
}

#[test]
fn of_several_processes_one_redeems() {
    let desk = Desk::new(None);
    for _ in 0..20 {
        desk.approve(&request()).unwrap();
        let approvals = &desk.approvals;
        let won = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| redeem(approvals, &request()).is_ok())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).filter(|won| *won).count()
        });
        assert_eq!(won, 1);
    }
}

#[test]
fn what_is_given_back_counts_another_time() {
    let desk = Desk::new(None);
    desk.approve(&request()).unwrap();
    let claim = || desk.approvals.claim(&request()).unwrap();
    let held = claim().unwrap();
    assert!(claim().is_none(), "nobody else has it meanwhile");
    held.give_back();
    let held = claim().unwrap();
    // Given anew meanwhile, it is one approval and not two.
    desk.approve(&request()).unwrap();
    held.give_back();
    assert!(desk.redeem(&request()).is_ok());
    assert!(claim().is_none());
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn what_nobody_can_read_whole_cannot_be_approved() {
    let desk = Desk::new(None);
    let long = Request { form: "x".repeat(LONGEST_FORM + 1), ..request() };
    assert_eq!(asked(desk.redeem(&long)), ApprovalError::TooLong { bytes: LONGEST_FORM + 1 });
    let _searched = desk.approvals.secrets.known().learn(&SecretString::from("hunter22"));
    let secret = Request { form: "net user x hunter22".to_owned(), ..request() };
    assert_eq!(asked(desk.redeem(&secret)), ApprovalError::HoldsSecret);
    assert_eq!(desk.files(), [""; 0]);
}

#[test]
fn requests_are_bounded_and_odd_files_are_passed_over() {
    let desk = Desk::new(None);
    for number in 0..100 {
        required(desk.redeem(&Request { form: format!("Stop-Process -Id {number}"), ..request() }));
    }
    assert_eq!(asked(desk.redeem(&request())), ApprovalError::TooMany { limit: 100 });
    let folder = desk.folder.path().join("approvals");
    fs::write(folder.join("x.pending"), "{").unwrap();
    fs::create_dir(folder.join("y.pending")).unwrap();
    assert_eq!(desk.approvals.pending().unwrap().len(), 100);
    // One that says another form than its name is no request.
    let first = desk.approvals.pending().unwrap().remove(0);
    let path = folder.join(format!("{}.pending", first.id));
    let changed = fs::read_to_string(&path).unwrap().replace("Stop-Process", "Stop-Computer");
    fs::write(&path, changed).unwrap();
    assert!(matches!(desk.approvals.find(first.id.as_str()), Err(ApprovalError::Unknown { .. })));
    assert!(matches!(desk.approvals.find("abc"), Err(ApprovalError::Unknown { .. })));
}

#[cfg(unix)]
#[test]
fn another_user_alone_may_approve_and_files_are_this_users_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new(None);
    required(desk.redeem(&request()));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = desk.folder.path().join("approvals");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join(&desk.files()[0])), 0o600);

    let me = rustix::process::geteuid().as_raw();
    let settings = |user: u32| Settings {
        user: Some(Approver::parse(&user.to_string()).unwrap()),
        ..desk.approvals.settings().clone()
    };
    let with = |user: u32| Approvals::with_clock(settings(user), desk.approvals.secrets.clone(), clock);
    let wrong = with(me + 1).approve(&request().id(), &[request()], None);
    assert_eq!(wrong, Err(ApprovalError::WrongUser { wanted: (me + 1).to_string() }));
    // What we put down ourselves is not the other user's word.
    desk.approve(&request()).unwrap();
    let unusable = unusable(redeem(&with(me + 1), &request()));
    assert_eq!(unusable, Some(ApprovalError::Forged { id: request().id() }));
    desk.approve(&request()).unwrap();
    assert!(redeem(&with(me), &request()).is_ok());
    assert_eq!(Approver::parse("no such user"), Err(NotAnApprover::Unknown("no such user".to_owned())));
    assert!(Approver::parse("root").is_ok());
}
