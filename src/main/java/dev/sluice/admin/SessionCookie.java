package dev.sluice.admin;

import dev.sluice.access.ClientAddress;
import java.time.Duration;
import org.springframework.http.ResponseCookie;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/** The cookies by which a browser is known: out of reach for scripts and other sites, and for TLS alone where there is TLS. */
@Component
final class SessionCookie {
    private final ClientAddress clientAddress;

    SessionCookie(ClientAddress clientAddress) {
        this.clientAddress = clientAddress;
    }

    /** The session's own. */
    String of(ServerHttpRequest request, String value, Duration length) {
        return of(AdminSecurity.COOKIE, "/", request, value, length);
    }

    String of(String name, String path, ServerHttpRequest request, String value, Duration length) {
        String forwarded = request.getHeaders().getFirst("X-Forwarded-Proto");
        boolean https = "https".equals(request.getURI().getScheme())
                || "https".equalsIgnoreCase(forwarded) && clientAddress.trusts(request.getRemoteAddress());
        return ResponseCookie.from(name, value)
                .httpOnly(true)
                .secure(https)
                .sameSite("Lax")
                .path(path)
                .maxAge(length)
                .build()
                .toString();
    }
}
