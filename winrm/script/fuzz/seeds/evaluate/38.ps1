$key = 'HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System'
$old = (Get-ItemProperty -Path $key -Name ConsentPromptBehaviorAdmin).ConsentPromptBehaviorAdmin
try {
    Set-ItemProperty -Path $key -Name ConsentPromptBehaviorAdmin -Value 2 -ErrorAction Stop
    Set-ItemProperty -Path $key -Name Forbidden -Value 1 -ErrorAction Stop
} catch {
    Set-ItemProperty -Path $key -Name ConsentPromptBehaviorAdmin -Value $old
    "Rolled back to $old because: $_"
}