package dev.sluice.vendor;

import dev.sluice.format.TokenCount;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Loads the tokenizer beside the start, on a thread of its own: it reads a file of 3.6 MB. */
@Component
final class TokenizerLoading implements SmartLifecycle {
    private volatile boolean running;

    @Override
    public void start() {
        running = true;
        Thread loading = new Thread(TokenCount::load, "tokenizer");
        loading.setDaemon(true);
        loading.start();
    }

    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
