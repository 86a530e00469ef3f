package dev.sluice.testing;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The scripts that wait for the next requests, in order, and the one for all that come after them. */
public final class Playlist {
    private final Queue<Function<VendorCall, Script>> next = new ConcurrentLinkedQueue<>();
    private volatile @Nullable Function<VendorCall, Script> always;

    /** Plays the script for the next request that has none yet. */
    public Playlist then(Script script) {
        next.add(call -> script);
        return this;
    }

    /** Answers the next request with {@code 200} and this JSON. */
    public Playlist answers(String json) {
        return then(Script.json(200, json));
    }

    /** Refuses the next request. */
    public Playlist refuses(int status, String json) {
        return then(Script.json(status, json));
    }

    /** Answers the next request with an event stream of these texts. */
    public Playlist streams(String... chunks) {
        return then(Script.events(chunks));
    }

    /** Plays the script for every request that finds the queue empty. */
    public Playlist always(Script script) {
        return always((Function<VendorCall, Script>) call -> script);
    }

    /** Asks the function what to play for every request that finds the queue empty. */
    public Playlist always(Function<VendorCall, Script> choice) {
        always = choice;
        return this;
    }

    void clear() {
        next.clear();
        always = null;
    }

    @Nullable
    Script pick(VendorCall call) {
        Function<VendorCall, Script> queued = next.poll();
        Function<VendorCall, Script> chosen = queued != null ? queued : always;
        return chosen == null ? null : chosen.apply(call);
    }
}
