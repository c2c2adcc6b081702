package thunderbird

// preferences keep Thunderbird from calling home, asking first-run questions and showing reminders.
func preferences() map[string]any {
	return map[string]any{
		// Nothing leaves this machine.
		"app.normandy.enabled":                       false,
		"app.update.disabledForTesting":              true,
		"app.update.enabled":                         false,
		"browser.safebrowsing.enabled":               false,
		"datareporting.healthreport.uploadEnabled":   false,
		"datareporting.policy.dataSubmissionEnabled": false,
		"extensions.getAddons.cache.enabled":         false,
		"extensions.update.enabled":                  false,
		"mail.inappnotifications.enabled":            false,
		"mail.inappnotifications.url":                "",
		"mail.instrumentation.postUrl":               "",
		"mailnews.start_page.enabled":                false,
		"mailnews.start_page.override_url":           "about:blank",
		"mailnews.start_page.url":                    "about:blank",
		"network.captive-portal-service.enabled":     false,
		"network.connectivity-service.enabled":       false,
		"network.proxy.type":                         0,
		"services.settings.server":                   "data:,#remote-settings-dummy/v1",
		"toolkit.telemetry.server":                   "",
		"app.donation.eoy.version.viewed":            9999,
		"mail.accounthub.enabled":                    false,
		"mail.openpgp.enable":                        false,
		"mail.provider.suppress_dialog_on_startup":   true,
		"mail.rights.version":                        1,
		"mail.shell.checkDefaultClient":              false,
		"mail.spotlight.firstRunDone":                true,
		"mail.winsearch.firstRunDone":                true,
		"remote.prefs.recommended":                   false,
		"toolkit.startup.max_resumed_crashes":        -1,
		"dom.max_script_run_time":                    0,
		"security.dialog_enable_delay":               0,
		"signon.rememberSignons":                     true,
		// The test says when the network is there.
		"network.manage-offline-status": false,
		"offline.autoDetect":            false,
		"offline.startup_state":         2, // always online
		// What is wrong shows in the output, which is logged when the test fails.
		"browser.dom.window.dump.enabled": true,
		"calendar.loglevel":               "Warn",
		"carddav.setup.loglevel":          "Warn",
		"carddav.sync.loglevel":           "Warn",
		"devtools.console.stdout.chrome":  true,

		"calendar.alarms.playsound":   false,
		"calendar.alarms.show":        false,
		"calendar.alarms.showmissed":  false,
		"calendar.integration.notify": false,
		"calendar.timezone.local":     "Europe/Berlin",
	}
}
