//! What is certain of a script before it runs.

use winrm_script::{check, parse};

use super::*;

/// What is certain of a script: nothing, or the rule that denies it and where.
fn foreseen(settings: &Settings, text: &str) -> Result<(), (String, String)> {
    let tree = parse::script(text).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
    let commands = check::script(text, &tree, &check::Standard)
        .unwrap_or_else(|refusals| panic!("{text}: {}", refusals[0]));
    let call = call(Work::PowerShell { text: text.to_owned() });
    let foreseen = policy(settings).foresee(&call, text, &commands, &target());
    foreseen
        .map_err(|denial| (denial.rule, denial.position.map(|place| place.to_string()).unwrap_or_default()))
}

#[test]
fn what_is_certain_of_a_script_is_known_before_it_runs() {
    let rule = |text: &str| toml::from_str::<RuleSettings>(text).unwrap();
    let with =
        |rules: &[&str]| Settings { rules: rules.iter().map(|text| rule(text)).collect(), ..observe() };
    let restart = with(&[
        "name = 'restart'\ncommands = ['Restart-Service']\nparameters = { Name = { values = ['W3SVC'] }, Force = { optional = true } }",
    ]);
    let deny = with(&[
        "name = 'no'\neffect = 'deny'\ncommands = ['Get-Service']\nparameters = { Name = { values = ['Secret*'] } }",
    ]);
    let passes = [
        (observe(), "$n = 'x'; Get-Service -Name $n; Get-Process | Where-Object { $_.Id -gt 5 }"),
        (observe(), "if ($false) { Get-Process }"),
        (observe(), "$l = 'Security'; Get-WinEvent -LogName $l -MaxEvents 5"),
        (observe(), "$e = 'Stop'; Get-Service -ErrorAction $e -ErrorVariable problems"),
        (observe(), "$p = 'C:\\x'; Get-ChildItem -LiteralPath $p"),
        (observe(), "$h = @{ Name = 'x' }; Get-Service @h"),
        (observe(), "$a = '/all'; ipconfig $a"),
        (restart.clone(), "Get-Service W3SVC | Restart-Service"),
        (restart.clone(), "$n = 'x'; Restart-Service -Name $n -Force"),
        (deny.clone(), "$n = 'SecretOne'; Get-Service -Name $n"),
        (deny.clone(), "Get-Service -Name Open"),
    ];
    for (settings, text) in passes {
        assert_eq!(foreseen(&settings, text), Ok(()), "{text}");
    }
    let denied = [
        (observe(), "Get-Process; Stop-Computer -Force", "observe", "line 1, column 14"),
        (observe(), "if ($false) {\n  Stop-Computer\n}", "observe", "line 2, column 3"),
        (observe(), "Get-Service -ComputerName $env:COMPUTERNAME", "observe: parameters", "line 1, column 1"),
        (observe(), "Get-WinEvent -LogName Security -MaxEvents 5", "observe: event-log", "line 1, column 1"),
        (
            observe(),
            "$n = 5; Get-WinEvent -LogName ('System', 'Security') -MaxEvents $n",
            "observe: event-log",
            "line 1, column 9",
        ),
        (observe(), "Get-ChildItem -LiteralPath 'C:\\..\\x'", "paths", "line 1, column 1"),
        (observe(), "Get-Service '\\\\db-01\\x'", "values", "line 1, column 1"),
        (observe(), "Get-Service -Debug", "common-parameters", "line 1, column 1"),
        (observe(), "ipconfig /release", "observe: programs", "line 1, column 1"),
        (observe(), "$x = 1; ipconfig /release $x", "observe: programs", "line 1, column 9"),
        (observe(), "1..3 | ForEach-Object { Stop-Process -Id $_ }", "observe", "line 1, column 25"),
        (restart.clone(), "Restart-Service -Name Spooler", "restart", "line 1, column 1"),
        (restart.clone(), "Restart-Service -Force", "restart", "line 1, column 1"),
        (
            restart.clone(),
            "Get-Service x | Restart-Service -Confirm",
            "common-parameters",
            "line 1, column 17",
        ),
        (deny, "Get-Service -Name Open, SecretOne", "no", "line 1, column 1"),
        (
            Settings { exclude: vec!["Get-Serv*".to_owned()], ..observe() },
            "gsv",
            "exclude",
            "line 1, column 1",
        ),
        (
            Settings {
                ceiling: Some(Box::new(Settings {
                    exclude: vec!["Get-Service".to_owned()],
                    ..Settings::default()
                })),
                ..observe()
            },
            "gsv",
            "machine policy, exclude",
            "line 1, column 1",
        ),
    ];
    for (settings, text, rule, place) in denied {
        assert_eq!(foreseen(&settings, text), Err((rule.to_owned(), place.to_owned())), "{text}");
    }
}
