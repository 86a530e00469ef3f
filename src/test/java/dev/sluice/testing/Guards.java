package dev.sluice.testing;

import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;
import reactor.blockhound.BlockHound;

/** Arms what watches the whole suite, before the first test is found: BlockHound and the leak listener. */
public final class Guards implements LauncherSessionListener {
    @Override
    public void launcherSessionOpened(LauncherSession session) {
        BlockHound.install();
        Leaks.watch();
    }
}
