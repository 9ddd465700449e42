$params = @{ Name = 'AcmeAgent'; BinaryPathName = '"C:\Program Files\Acme\agent.exe" --service'; DisplayName = 'Acme Agent'; Description = 'Runs the Acme agent'; StartupType = 'Automatic' }
New-Service @params
Start-Service AcmeAgent