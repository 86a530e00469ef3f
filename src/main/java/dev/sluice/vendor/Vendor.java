package dev.sluice.vendor;

import dev.sluice.format.Format;
import dev.sluice.wire.Endpoint;
import io.netty.channel.EventLoop;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** How a kind of vendor is addressed: where it takes what, and how a key is shown. One for each, found by its name. */
public interface Vendor {
    /** The catalog's name of the kind. */
    String wire();

    /** Where and in which form it takes what is asked at the endpoint; null: nowhere. */
    @Nullable
    Way way(CatalogEntry entry, Target target, Endpoint endpoint, String model, boolean stream);

    /** The absolute URLs of the vendor's lists of models. */
    List<String> modelsUrls(CatalogEntry entry, Target target);

    /** The headers that carry the key. */
    Map<String, String> credentials(CatalogEntry entry, Target target);

    /** The account with its base URL completed by its options. */
    default Target settled(Target target) {
        return target.filledIn(Map.of());
    }

    /** The body as this vendor takes it on that way. */
    default byte[] body(Way way, byte[] body) {
        return body;
    }

    /** Asks the vendor for what a {@link Signer} needs, such as a token that expires. */
    interface Fetch {
        /** @return the answer's body, or a {@link Failure} */
        Mono<byte[]> post(@Nullable EventLoop loop, URI url, String contentType, byte[] body);
    }

    /** What makes the headers of each request; null: the credentials are all. */
    default @Nullable Signer signer(CatalogEntry entry, Target target, Fetch fetch) {
        return null;
    }

    /** What a 4xx really means where the vendor says so in its body alone; null: what the status says. */
    default @Nullable Failure failure(int status, byte[] body) {
        return null;
    }

    /** What reads the usage of one answer in OpenAI's form. */
    default Meter meter(CatalogEntry entry) {
        return new PieceMeter(Format.CHAT, entry.quirks());
    }
}
