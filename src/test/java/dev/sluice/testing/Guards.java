package dev.sluice.testing;

import java.lang.management.ManagementFactory;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import reactor.blockhound.BlockHound;

/** What surrounds the whole suite: arms BlockHound and the leak listener before the first test, closes what tests shared after the last. */
public final class Guards implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (runsTests()) {
            BlockHound.install();
            Leaks.watch();
        }
    }

    /** Maven opens a session in its own process too, to see what tests there are. That they are armed, tests prove. */
    private static boolean runsTests() {
        return ManagementFactory.getRuntimeMXBean()
                .getInputArguments()
                .contains("-XX:+AllowRedefinitionToAddDeleteMethods");
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        if (runsTests()) {
            Gateway.closeShared();
        }
    }
}
