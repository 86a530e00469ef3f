package dev.sluice.vendor;

import io.netty.channel.EventLoop;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Makes the headers that a vendor wants to see anew with each request, such as a signature over it. */
public interface Signer {
    /**
     * @param loop on which the request is made; null: any
     * @param body empty: there is none
     */
    Mono<Map<String, String>> headers(@Nullable EventLoop loop, String method, URI url, byte[] body);

    /** The vendor refused what was made: it is made anew the next time. */
    default void refused() {
        // nothing is kept
    }
}
