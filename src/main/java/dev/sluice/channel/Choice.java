package dev.sluice.channel;

import dev.sluice.vendor.Failure;
import dev.sluice.vendor.Upstream;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

/** The channel and the key that one attempt goes to. What became of the attempt must be told, once. */
public final class Choice {
    private final Live live;
    private final Live.Key key;
    private final long estimatedTokens;
    private final AtomicBoolean open = new AtomicBoolean(true);

    Choice(Live live, Live.Key key, long estimatedTokens) {
        this.live = live;
        this.key = key;
        this.estimatedTokens = estimatedTokens;
    }

    /** The attempt has ended with so many model tokens: its place at the channel is free. Only the first word counts. */
    public void used(long tokens) {
        if (open.compareAndSet(true, false)) {
            live.leave(key, estimatedTokens, tokens);
        }
    }

    public Channel channel() {
        return live.channel();
    }

    public Upstream upstream() {
        return key.upstream();
    }

    /**
     * The next answer on the same connection, which cannot go elsewhere: it takes a place at the channel where there is one
     * left, and none where there is not.
     */
    public Choice again() {
        Choice next = new Choice(live, key, estimatedTokens);
        if (live.throttle().enter(estimatedTokens) != null) {
            next.open.set(false);
        }
        return next;
    }

    /** The first byte of an answer came. */
    public void answered() {
        live.health().answered();
        key.health().answered();
    }

    public void succeeded() {
        live.health().succeeded();
        key.health().succeeded();
    }

    public void firstToken(long millis, long now) {
        live.health().firstToken(millis, now);
        key.health().firstToken(millis, now);
    }

    /** Marks what failed, the key alone or the whole channel, also as tried for this call. */
    public void failed(Failure failure, long now, Set<Object> tried) {
        switch (failure.kind()) {
            case KEY_REFUSED, RATE_LIMITED -> {
                key.health().failed(failure, now);
                live.health().missed(now);
                tried.add(key);
            }
            case NETWORK, TIMEOUT, SERVER_ERROR, NOT_THE_PROTOCOL -> {
                live.health().failed(failure, now);
                key.health().missed(now);
                tried.add(live);
            }
        }
        used(0); // last, so that whoever waits for the place knows of the failure
    }

    /** Nothing was sent to it: the call goes elsewhere, and it is not chosen again for it. */
    public void skipped(long now, Set<Object> tried) {
        used(0);
        undecided(now);
        tried.add(live);
    }

    /** The caller left, or was at fault itself: that says nothing about the channel. */
    public void undecided(long now) {
        live.health().undecided(now);
        key.health().undecided(now);
    }
}
