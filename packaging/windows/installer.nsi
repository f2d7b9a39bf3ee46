; The installer. For the user who starts it; with /ALLUSERS, as administrator,
; for all users of the computer. /S asks nothing. /HL7=PORT opens the firewall for
; monitors that call (administrator). The uninstaller keeps the data unless
; /DATA, or an answer, says otherwise.
Target amd64-unicode ; like the program
!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh

!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Vitalien"
!define LINK "Software\Classes\vitalien"
!define RULE "Vitalien (moniteurs HL7)"

Name "Vitalien"
OutFile "${OUT}"
RequestExecutionLevel user
SetCompressor /SOLID lzma
BrandingText "Vitalien ${VERSION}"
ManifestDPIAware true
VIProductVersion "${VERSION}.0"
VIAddVersionKey /LANG=1036 ProductName "Vitalien"
VIAddVersionKey /LANG=1036 FileDescription "Installation de Vitalien"
VIAddVersionKey /LANG=1036 FileVersion "${VERSION}"
VIAddVersionKey /LANG=1036 ProductVersion "${VERSION}"
VIAddVersionKey /LANG=1036 LegalCopyright "Apache-2.0"

Var forAll ; 1: for all users
Var port   ; of the HL7 listener; empty: the firewall stays as it is

!define MUI_FINISHPAGE_RUN "$INSTDIR\Vitalien.exe"
!insertmacro MUI_PAGE_WELCOME
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE French

!macro Refuse TEXT
	MessageBox MB_OK|MB_ICONSTOP "${TEXT}" /SD IDOK
	SetErrorLevel 2
	Quit
!macroend

!macro DemandAdministrator
	UserInfo::GetAccountType
	Pop $0
	${If} $0 != "Admin"
		!insertmacro Refuse "Pour tous les utilisateurs, ou pour le pare-feu, lancez ce programme en tant qu’administrateur."
	${EndIf}
!macroend

; Ends the program and waits until its file is free, ten seconds at most.
!macro Stop UN
Function ${UN}stop
	${If} ${FileExists} "$INSTDIR\Vitalien.exe"
		nsExec::Exec '"$INSTDIR\Vitalien.exe" stop'
		Pop $0
		${For} $1 1 40
			ClearErrors
			Delete "$INSTDIR\Vitalien.exe"
			${IfNot} ${Errors}
				Return
			${EndIf}
			Sleep 250
		${Next}
		!insertmacro Refuse "Vitalien est encore ouvert. Quittez-le (icône près de l’horloge), puis recommencez."
	${EndIf}
FunctionEnd
!macroend
!insertmacro Stop ""
!insertmacro Stop "un."

Function .onInit
	SetRegView 64
	StrCpy $forAll 0
	StrCpy $port ""
	${GetParameters} $R0
	ClearErrors
	${GetOptions} $R0 "/HL7=" $port
	ClearErrors
	${GetOptions} $R0 "/ALLUSERS" $R1
	${IfNot} ${Errors}
		StrCpy $forAll 1
	${EndIf}
	${If} $forAll == 1
	${OrIf} $port != ""
		!insertmacro DemandAdministrator
	${EndIf}
	${If} $forAll == 1
		SetShellVarContext all
	${EndIf}
	${If} $INSTDIR == "" ; no /D=
		${If} $forAll == 1
			StrCpy $INSTDIR "$PROGRAMFILES64\Vitalien"
		${Else}
			StrCpy $INSTDIR "$LOCALAPPDATA\Programs\Vitalien"
		${EndIf}
	${EndIf}
FunctionEnd

Section
	Call stop
	SetOutPath $INSTDIR
	File "/oname=Vitalien.exe" "${PROGRAM}"
	WriteUninstaller "$INSTDIR\Uninstall.exe"
	CreateShortcut "$SMPROGRAMS\Vitalien.lnk" "$INSTDIR\Vitalien.exe"
	WriteRegStr SHCTX "${RUN}" "Vitalien" '"$INSTDIR\Vitalien.exe" --minimized'
	WriteRegStr SHCTX "${LINK}" "" "URL:Vitalien"
	WriteRegStr SHCTX "${LINK}" "URL Protocol" ""
	WriteRegStr SHCTX "${LINK}\DefaultIcon" "" "$INSTDIR\Vitalien.exe,0"
	WriteRegStr SHCTX "${LINK}\shell\open\command" "" '"$INSTDIR\Vitalien.exe" "%1"'
	WriteRegStr SHCTX "${UNINSTALL}" "DisplayName" "Vitalien"
	WriteRegStr SHCTX "${UNINSTALL}" "DisplayVersion" "${VERSION}"
	WriteRegStr SHCTX "${UNINSTALL}" "DisplayIcon" "$INSTDIR\Vitalien.exe"
	WriteRegStr SHCTX "${UNINSTALL}" "Publisher" "Vitalien"
	WriteRegStr SHCTX "${UNINSTALL}" "UninstallString" '"$INSTDIR\Uninstall.exe"'
	WriteRegStr SHCTX "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\Uninstall.exe" /S'
	WriteRegDWORD SHCTX "${UNINSTALL}" "AllUsers" $forAll
	WriteRegDWORD SHCTX "${UNINSTALL}" "NoModify" 1
	WriteRegDWORD SHCTX "${UNINSTALL}" "NoRepair" 1
	${GetSize} "$INSTDIR" "/S=0K" $0 $1 $2
	WriteRegDWORD SHCTX "${UNINSTALL}" "EstimatedSize" $0
	${If} $port != ""
		nsExec::Exec 'netsh advfirewall firewall delete rule name="${RULE}"'
		Pop $0
		nsExec::Exec 'netsh advfirewall firewall add rule name="${RULE}" dir=in action=allow protocol=TCP localport=$port profile=private,domain program="$INSTDIR\Vitalien.exe"'
		Pop $0
		WriteRegDWORD SHCTX "${UNINSTALL}" "FirewallPort" $port
	${EndIf}
SectionEnd

Function un.onInit
	SetRegView 64
	StrCpy $forAll 0
	ReadRegDWORD $0 HKLM "${UNINSTALL}" "AllUsers"
	ReadRegStr $1 HKLM "${UNINSTALL}" "UninstallString"
	${If} $0 == 1
	${AndIf} $1 == '"$INSTDIR\Uninstall.exe"'
		!insertmacro DemandAdministrator
		StrCpy $forAll 1
		SetShellVarContext all
	${EndIf}
FunctionEnd

Section Uninstall
	Call un.stop
	ReadRegDWORD $port SHCTX "${UNINSTALL}" "FirewallPort"
	${If} $port != ""
		nsExec::Exec 'netsh advfirewall firewall delete rule name="${RULE}"'
		Pop $0
	${EndIf}
	DeleteRegValue SHCTX "${RUN}" "Vitalien"
	DeleteRegValue SHCTX "${APPROVED}" "Vitalien"
	DeleteRegValue HKCU "${RUN}" "Vitalien" ; what the program itself set
	DeleteRegValue HKCU "${APPROVED}" "Vitalien"
	DeleteRegKey SHCTX "${LINK}"
	DeleteRegKey SHCTX "${UNINSTALL}"
	Delete "$SMPROGRAMS\Vitalien.lnk"
	Delete "$INSTDIR\Uninstall.exe"
	RMDir "$INSTDIR"
	SetShellVarContext current
	${GetParameters} $R0
	ClearErrors
	${GetOptions} $R0 "/DATA" $R1
	${If} ${Errors}
		MessageBox MB_YESNO|MB_ICONQUESTION|MB_DEFBUTTON2 "Supprimer aussi les mesures et les réglages enregistrés sur ce poste ? Cette suppression est définitive." /SD IDNO IDYES data
		Return
	${EndIf}
	data:
	RMDir /r "$LOCALAPPDATA\Vitalien"
	RMDir /r "$LOCALAPPDATA\Vitalien-demo"
	RMDir /r "$APPDATA\Vitalien"
	RMDir /r "$APPDATA\fyne\fr.vitalien.desktop"
SectionEnd
