use super::{Reason, script};

/// What PowerShell finds wrong only after it has parsed.
#[test]
fn what_parses_may_still_be_wrong() {
    use Reason::*;
    let cases = [
        ("try { } finally { return }", Some(LeavingFinally)),
        ("try { } finally { break }", Some(LeavingFinally)),
        ("while (1) { try { } finally { if (1) { continue } } }", Some(LeavingFinally)),
        (":a while (1) { try { } finally { foreach ($i in 1) { break a } } }", Some(LeavingFinally)),
        ("try { } finally { :a foreach ($i in 1) { while (1) { break A } } }", None),
        ("try { } finally { foreach ($i in 1) { break } }", None),
        ("try { } finally { switch (1) { 1 { break } } }", None),
        ("try { } finally { while (1) { break $x } }", Some(LeavingFinally)),
        ("try { } finally { $(return) }", Some(LeavingFinally)),
        ("try { } finally { 1 | % { return } }", None),
        ("try { } finally { function f { return } }", None),
        ("try { return } finally { }", None),
        ("try { } catch { } catch { }", Some(CatchOrder)),
        ("try { } catch { } catch [Exception] { }", Some(CatchOrder)),
        ("try { } catch [Exception] { } catch [IO.IOException] { }", Some(CatchOrder)),
        ("try { } catch [A] { } catch [a] { }", Some(CatchOrder)),
        ("try { } catch [IO.FileNotFoundException] { } catch [IO.IOException] { } catch { }", None),
        ("try { }", Some(MissingCatch)),
        ("function f($a, $A) { }", Some(DuplicateParameter)),
        ("param($\u{C9}, $\u{E9})", Some(DuplicateParameter)),
        ("function f($a) { param($b) }", Some(DuplicateParameter)),
        ("[void]$x = 1", Some(NotAssignable)),
        ("[int]$_ = 1", Some(NotAssignable)),
        ("[int]$x = 1", None),
        ("1 = 2", Some(NotAssignable)),
        ("$a, $b = 1, 2", None),
        ("$a, 1 = 1, 2", Some(NotAssignable)),
        ("$a, $b += 1", Some(NotAssignable)),
        ("($a) = 1", None),
        ("(Get-Item) = 1", Some(NotAssignable)),
        ("1++", Some(NotAssignable)),
        ("[ref][int]$x", Some(TypeName)),
        ("[ordered]1", Some(Ordered)),
        ("@{ a = 1; A = 2 }", Some(DuplicateKey)),
        ("@{ 1 = 1; '1' = 2 }", Some(DuplicateKey)),
        ("a '--%' b", Some(StopParsing)),
        ("a \"--%\", b c", Some(StopParsing)),
        ("a -b:'--%' c", None),
        ("a 1>&1", Some(ReservedRedirection)),
        ("a 2>b 2>c", Some(StreamTwice)),
        ("a -b:@c", Some(Splat)),
        ("a b, @c", Some(Splat)),
        ("@c", Some(Splat)),
    ];
    for (text, expected) in cases {
        assert_eq!(script(text).err().map(|refusal| refusal.reason()), expected, "{text}");
    }
}
