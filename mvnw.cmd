@echo off
@rem Runs Maven for this project, from any directory, with all arguments passed on: see mvnw, which does the same.
setlocal
set "MVNW_HOME=%~dp0"
set "MVNW_MAVEN="
for /f "usebackq delims=" %%i in (`powershell -NoProfile -ExecutionPolicy Bypass -Command "Invoke-Expression ((Get-Content -Raw -LiteralPath '%~f0') -split '@@POWERSHELL@@')[2]"`) do set "MVNW_MAVEN=%%i"
if not defined MVNW_MAVEN exit /b 1
for %%i in (%*) do if /i "%%~i"=="-f" goto run
for %%i in (%*) do if /i "%%~i"=="--file" goto run
cd /d "%MVNW_HOME%"
:run
call "%MVNW_MAVEN%" %*
exit /b %ERRORLEVEL%

@@POWERSHELL@@
# Prints the path of a Maven of 3.8.6 or later: the one on the PATH, else 3.9.11, fetched once and checked.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$version = '3.9.11'
$sha512 = 'bcfe4fe305c962ace56ac7b5fc7a08b87d5abd8b7e89027ab251069faebee516b0ded8961445d6d91ec1985dfe30f8153268843c89aa392733d1a3ec956c9978'
try {
  $found = Get-Command mvn.cmd -ErrorAction SilentlyContinue | Select-Object -First 1
  if ($found) {
    $text = (& $found.Source --version) -join ' '
    if (($text -match 'Apache Maven (\d+\.\d+\.\d+)') -and ([version]$Matches[1] -ge [version]'3.8.6')) {
      $found.Source
      exit 0
    }
  }
  $m2 = if ($env:MAVEN_USER_HOME) { $env:MAVEN_USER_HOME } else { Join-Path $env:USERPROFILE '.m2' }
  $dist = Join-Path $m2 "wrapper\dists\apache-maven-$version"
  $maven = Join-Path $dist "apache-maven-$version\bin\mvn.cmd"
  if (-not (Test-Path $maven)) {
    $archive = "apache-maven-$version-bin.tar.gz"
    $url = "https://archive.apache.org/dist/maven/maven-3/$version/binaries/$archive"
    if ($env:MVNW_REPOURL) {
      $url = $env:MVNW_REPOURL.TrimEnd('/') + "/org/apache/maven/apache-maven/$version/$archive"
    }
    $scratch = Join-Path $dist ('.new.' + [guid]::NewGuid())
    New-Item -ItemType Directory -Force -Path $scratch | Out-Null
    try {
      [Console]::Error.WriteLine("mvnw: no Maven of 3.8.6 or later on the PATH, fetching Maven $version")
      [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
      $file = Join-Path $scratch $archive
      Invoke-WebRequest -UseBasicParsing -Uri $url -OutFile $file
      $sum = (Get-FileHash -Algorithm SHA512 -LiteralPath $file).Hash.ToLower()
      if ($sum -ne $sha512) { throw "wrong SHA-512 of ${archive}: $sum (expected: $sha512)" }
      & tar.exe -xzf $file -C $scratch
      if ($LASTEXITCODE -ne 0) { throw "cannot unpack $archive" }
      Move-Item -LiteralPath (Join-Path $scratch "apache-maven-$version") -Destination $dist
    } finally {
      Remove-Item -Recurse -Force -LiteralPath $scratch
    }
  }
  $maven
} catch {
  [Console]::Error.WriteLine("mvnw: $($_.Exception.Message)")
  exit 1
}
