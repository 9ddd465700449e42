//! Counts what rules allow only so often.

use std::collections::{HashMap, VecDeque};

use time::OffsetDateTime;

use super::{
    authorized::Authorized,
    denial::{Denial, Reason},
    rule::Metered,
};
use crate::call::HostName;

/// How often each rule with a rate was used on each host. It belongs to whoever sends; the policy itself remembers
/// nothing, and neither does the next process.
#[derive(Debug, Clone, Default)]
pub struct Meter {
    uses: HashMap<(Metered, HostName), VecDeque<OffsetDateTime>>,
}

impl Meter {
    /// Counts one use of each rule, unless one of them was used too often: then nothing is counted.
    ///
    /// # Errors
    /// The denial by the first rule that was used up.
    pub fn admit(&mut self, authorized: &Authorized, now: OffsetDateTime) -> Result<(), Denial> {
        for metered in authorized.rates() {
            let rate = metered.rate;
            let key = (metered.clone(), authorized.host().clone());
            let uses = self.uses.entry(key).or_default();
            while uses.front().is_some_and(|&first| now - first >= rate.span()) {
                uses.pop_front();
            }
            if usize::try_from(rate.most()).is_ok_and(|most| uses.len() >= most) {
                return Err(Denial::new(metered.rule.clone(), Reason::TooOften { rate })
                    .instead("wait before you ask again"));
            }
        }
        for metered in authorized.rates() {
            let key = (metered.clone(), authorized.host().clone());
            self.uses.entry(key).or_default().push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::{
        call::Work,
        policy::{
            Policy, RuleSettings, Settings,
            tests::{NOW, call, target},
        },
    };

    #[test]
    fn rules_of_one_name_are_counted_apart_for_the_user_and_the_machine() {
        let rule = |rate: &str| RuleSettings {
            name: "restart".to_owned(),
            commands: vec!["Get-Service".to_owned()],
            rate: Some(rate.to_owned()),
            ..RuleSettings::default()
        };
        let machine = Settings { rules: vec![rule("1/hour")], ..Settings::default() };
        let machine = Settings { allow: Some(Vec::new()), ..machine };
        let own = Settings {
            rules: vec![rule("9/second")],
            ceiling: Some(Box::new(machine)),
            ..Settings::default()
        };
        let policy = Policy::new(&own).unwrap();
        let mut meter = Meter::default();
        let mut admit = |seconds: i64| {
            let work = Work::PowerShell { text: "Get-Service".to_owned() };
            let now = NOW + Duration::seconds(seconds);
            meter.admit(&policy.judge(&call(work), &target(), now).into_result().unwrap(), now)
        };
        assert_eq!(admit(0), Ok(()));
        // The user's second is over, the machine's hour is not.
        assert!(matches!(admit(2), Err(Denial { reason: Reason::TooOften { .. }, .. })));
        assert_eq!(admit(3601), Ok(()));
    }
}
