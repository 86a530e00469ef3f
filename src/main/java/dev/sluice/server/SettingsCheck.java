package dev.sluice.server;

import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Environment;
import org.springframework.util.unit.DataSize;

/**
 * Looks at the settings before anything is made of them, so that a wrong one is told by its own name and value. Those of
 * rooms that know more about theirs are told by them, in the same form.
 */
final class SettingsCheck implements ApplicationListener<ApplicationEnvironmentPreparedEvent> {
    private static final Pattern ADDRESS =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*|localhost");

    @Override
    public void onApplicationEvent(ApplicationEnvironmentPreparedEvent event) {
        Environment settings = event.getEnvironment();
        check(settings, "SLUICE_PORT", "a port from 1 to 65535", SettingsCheck::port);
        check(settings, "SLUICE_MANAGEMENT_PORT", "a port from 1 to 65535", SettingsCheck::port);
        check(settings, "SLUICE_MANAGEMENT_ADDRESS", "an address of this machine, or 0.0.0.0", SettingsCheck::address);
        check(settings, "SLUICE_ALLOW_PRIVATE_UPSTREAMS", "true or false", value -> value.matches("true|false"));
        check(settings, "SLUICE_DRAIN_TIMEOUT", "a time such as 30s", SettingsCheck::duration);
        check(settings, "SLUICE_KEEP_ALIVE", "a time such as 15s, or 0", SettingsCheck::duration);
        check(settings, "SLUICE_PROBE_INTERVAL", "a time such as 60s, or 0", SettingsCheck::duration);
        check(settings, "SLUICE_BODY_TIMEOUT", "a time such as 30s, or 0", SettingsCheck::duration);
        check(settings, "SLUICE_IDLE_TIMEOUT", "a time such as 11m", SettingsCheck::duration);
        check(
                settings,
                "SLUICE_CONNECTIONS_PER_ADDRESS",
                "a whole number, 0 for any number",
                value -> value.matches("[0-9]{1,9}"));
        check(settings, "SLUICE_LEASE_VALID", "a time of 1s or more, such as 15m", SettingsCheck::lease);
        check(settings, "SLUICE_JOURNAL_LIMIT", "a size of 8MB or more, such as 1GB", value -> size(value, 8L << 20));
        check(
                settings,
                "SLUICE_RESPONSE_CACHE_SIZE",
                "a size of 1MB or more, such as 32MB",
                value -> size(value, 1L << 20));
    }

    private static void check(Environment settings, String name, String expected, Predicate<String> good) {
        String value = settings.getProperty(name);
        if (value != null && !good.test(value.strip())) {
            throw new IllegalArgumentException(name + ": '" + value + "' (expected: " + expected + ")");
        }
    }

    /** 0 is any free port, as tests want it. */
    private static boolean port(String value) {
        return value.matches("[0-9]{1,5}") && Integer.parseInt(value) <= 65_535;
    }

    private static boolean address(String value) {
        return ADDRESS.matcher(value).matches()
                && (!value.matches("[0-9.]+")
                        || java.util.Arrays.stream(value.split("\\.")).allMatch(part -> Integer.parseInt(part) <= 255));
    }

    private static boolean lease(String value) {
        return duration(value) && DurationStyle.detectAndParse(value).toMillis() >= 1_000;
    }

    private static boolean size(String value, long atLeast) {
        try {
            return DataSize.parse(value).toBytes() >= atLeast;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean duration(String value) {
        try {
            return !DurationStyle.detectAndParse(value).isNegative();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
