& ([ScriptBlock]::Create([Console]::In.ReadToEnd()))
