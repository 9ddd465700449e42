param([int]$a = 1, $b)
:l foreach ($i in 1..3) { if ($i -eq 2) { continue l } elseif ($i) { break } else { exit 1 } }
for ($i = 0; $i -lt 3; $i++) { "a$i $($i + 1) ${b}" }
do { $a-- } until ($a -le 0); while ($false) { } 
switch -Regex ($b) { '^a' { 1 } { $_ } { 2 } default { throw 'x' } }
try { Get-Item 'C:\x' 2>$null } catch [System.IO.IOException], [Exception] { return } finally { @{ a = 1; 'b' = @(1, 2) } }
function f($x, [string]$y = 'z') { begin { } process { $_ } end { } }
& { [math]::Round(1.5d, 0) * 1kb / -1 } | % { $_.Where{ $_ }[0..-1].ToString('a', 1)?? }
@'
a
'@ -f @"
$(1)`n
"@
