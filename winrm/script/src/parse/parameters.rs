//! The parameters of a script that is not ours.

use super::refusal::{Reason, Refusal, Stop};
use super::scanner::Directives;
use super::token::{Keyword, Kind};
use super::{MAX_BYTES, Parser};
use crate::characters::is_line_end;
use crate::tree::{ParameterBlock, Span};

/// The `param( … )` at the beginning of a script that may be written in all of PowerShell; nothing where it has none.
///
/// Comments, `#requires` and `using` may stand before it. What stands behind it is not read.
///
/// # Errors
/// A [`Refusal`] with the place and the reason where the parameters themselves are not PowerShell, or where a default or
/// an attribute holds what this crate does not take.
pub fn parameters_of_script(text: &str) -> Result<Option<ParameterBlock>, Refusal> {
    if text.len() > MAX_BYTES {
        return Err(Refusal::new(text, Stop::new(Span::new(0, 0), Reason::TooLong)));
    }
    // A file may begin with a byte order mark.
    let mut parser = Parser::new(text);
    parser.scanner.directives = Directives::Skipped;
    if parser.scanner.starts_with("\u{feff}") {
        parser.scanner.bump();
    }
    parser.parameters_behind_using().map_err(|stop| Refusal::new(text, stop))
}

impl Parser<'_> {
    fn parameters_behind_using(&mut self) -> Result<Option<ParameterBlock>, Stop> {
        loop {
            self.skip_lines_and_semicolons()?;
            let begin = self.here();
            let token = self.next()?;
            let using = matches!(token.kind, Kind::Keyword(Keyword::Unsupported))
                && token.span.text(self.scanner.text).eq_ignore_ascii_case("using");
            if !using {
                self.rewind(begin);
                return self.parameter_block();
            }
            while !matches!(self.scanner.peek(), ';' | super::scanner::END)
                && !is_line_end(self.scanner.peek())
            {
                self.scanner.bump();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Reason, parameters_of_script};

    #[test]
    fn parameters_are_read_whatever_follows_them() {
        let script = "\u{feff}#requires -Version 5.1\r\n<# .SYNOPSIS\n  Cleans up. #>\r\nusing namespace System.IO; \
                      using module x\r\n[CmdletBinding(SupportsShouldProcess)]\r\n[OutputType([string])]\r\nparam(\n\
                      [Parameter(Mandatory, HelpMessage = 'a, b')] # the path\n[Alias('p', \"q\")]\n[string] $Path,\n\
                      [ValidateSet('Low', 'High', 3)]\n[System.Collections.Generic.List[ int ]]$Level = 'Low',\n\
                      [Parameter(Mandatory=$false)][switch]$Force,\n\
                      [ValidateScript({ Test-Path $_ })]$Other = (Get-Date)\n)\nclass A { } & $Path | . { } && 1";
        let block = parameters_of_script(script).unwrap().expect("there are parameters");
        assert_eq!(block.attributes.len(), 2);
        assert!(block.attributes[0].is_set("supportsshouldprocess"));
        let shown: Vec<String> = block
            .parameters
            .iter()
            .map(|own| {
                let types: Vec<&str> = own.types.iter().map(|name| name.name.as_str()).collect();
                let default = own.default.as_ref().map_or("", |default| default.span.text(script));
                let values = own.valid_values().map_or(String::new(), |values| values.join("|"));
                format!("{} {types:?} {} {default} {values}", own.variable.name, own.is_mandatory())
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Path [\"string\"] true  ",
                "Level [\"System.Collections.Generic.List[int]\"] false 'Low' Low|High|3",
                "Force [\"switch\"] false  ",
                "Other [] false (Get-Date) ",
            ]
        );
        assert_eq!(block.parameters[0].span.text(script).lines().last(), Some("[string] $Path"));
    }

    #[test]
    fn what_is_no_parameter_block() {
        for script in
            ["", "# nothing\n", "Get-Date; param($x)", "param", "[int]$x = 1", "using namespace System"]
        {
            assert_eq!(parameters_of_script(script), Ok(None), "{script}");
        }
        for (script, reason, column) in [
            ("param($x", Reason::MissingParenthesis, 9),
            ("param([Parameter(Mandatory=$y)]$x)", Reason::AttributeArgument, 28),
            ("param([Parameter(Mandatory]$x)", Reason::MissingParenthesis, 27),
            ("param([Parameter()$x)", Reason::MissingBracket, 19),
            ("param([ValidateSet('a',)]$x)", Reason::MissingValue, 24),
            ("param([Parameter(a=1, A=2)]$x)", Reason::DuplicateKey, 23),
            ("param($x, $x)", Reason::DuplicateParameter, 11),
            ("[CmdletBinding()] Get-Date", Reason::Attribute, 1),
            ("[string] param($x)", Reason::Unexpected, 1),
        ] {
            let refusal = parameters_of_script(script).expect_err(script);
            assert_eq!((refusal.reason(), refusal.position().column), (reason, column), "{script}");
        }
    }
}
