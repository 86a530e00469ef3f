package dev.sluice.relay;

import io.netty.handler.codec.http.HttpHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the caller's key wherever the SDKs of the field put it: {@code Authorization: Bearer} (OpenAI), {@code
 * x-api-key} (Anthropic), {@code api-key} (Azure), {@code x-goog-api-key} or {@code ?key=} (Gemini), {@code mj-api-secret} (Midjourney), or a WebSocket
 * subprotocol (browsers, OpenAI realtime).
 */
final class Credential {
    private static final String SUBPROTOCOL = "openai-insecure-api-key.";

    private Credential() {}

    static @Nullable String of(HttpHeaders headers, String uri) {
        String authorization = headers.get("authorization");
        if (authorization != null && !authorization.isBlank()) {
            return authorization.regionMatches(true, 0, "Bearer ", 0, 7)
                    ? authorization.substring(7).strip()
                    : authorization.strip();
        }
        for (String name : new String[] {"x-api-key", "api-key", "x-goog-api-key", "mj-api-secret"}) {
            String value = headers.get(name);
            if (value != null && !value.isBlank()) {
                return value.strip().replaceFirst("^Bearer ", "");
            }
        }
        String protocols = headers.get("sec-websocket-protocol");
        if (protocols != null) {
            for (String protocol : protocols.split(",")) {
                if (protocol.strip().startsWith(SUBPROTOCOL)) {
                    return protocol.strip().substring(SUBPROTOCOL.length());
                }
            }
        }
        return ofQuery(uri);
    }

    private static @Nullable String ofQuery(String uri) {
        int query = uri.indexOf('?');
        if (query < 0) {
            return null;
        }
        for (String pair : uri.substring(query + 1).split("&")) {
            if (pair.startsWith("key=")) {
                try {
                    return URLDecoder.decode(pair.substring(4), StandardCharsets.UTF_8);
                } catch (IllegalArgumentException e) {
                    return null;
                }
            }
        }
        return null;
    }
}
