package dev.sluice.testing;

import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class that dropped a Netty buffer without releasing it. Registered for the whole suite. The buffer may
 * stem from the class before, when its last connection ended late: its recorded touches tell.
 */
public final class NoLeaks implements BeforeAllCallback, AfterAllCallback {
    @Override
    public void beforeAll(ExtensionContext context) {
        Leaks.watch();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        boolean nested =
                context.getParent().flatMap(ExtensionContext::getTestClass).isPresent();
        if (nested) {
            return;
        }
        List<String> leaks = Leaks.collect();
        if (!leaks.isEmpty()) {
            throw new AssertionError(leaks.size() + " buffer(s) never released, by the end of "
                    + context.getDisplayName() + ":\n" + String.join("\n", leaks));
        }
    }
}
