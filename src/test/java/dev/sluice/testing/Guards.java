package dev.sluice.testing;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import reactor.blockhound.BlockHound;

/** What surrounds the whole suite: arms BlockHound and the leak listener before the first test, closes what tests shared after the last. */
public final class Guards implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        BlockHound.install();
        Leaks.watch();
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        Gateway.closeShared();
    }
}
