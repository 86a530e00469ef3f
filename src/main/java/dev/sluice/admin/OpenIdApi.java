package dev.sluice.admin;

import dev.sluice.access.ClientAddress;
import dev.sluice.access.Groups;
import dev.sluice.access.OpenIdSignIn;
import dev.sluice.access.OpenIdSignIn.Arrival;
import dev.sluice.access.Operator;
import dev.sluice.access.Sessions;
import dev.sluice.settings.Settings;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpCookie;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/oidc}: signing in to the console at an OpenID provider. A browser comes here, so it is sent on and not told. */
@RestController
@RequestMapping("/api/oidc")
@Tag(name = "OpenID", description = "Signing in to the console at an OpenID provider")
final class OpenIdApi {
    private static final String JOURNEY = "sluice_oidc";
    private static final String HERE = "/api/oidc";

    private final OpenIdSignIn openId;
    private final SessionCookie cookies;
    private final Settings settings;
    private final Groups groups;
    private final ClientAddress clientAddress;
    private final Trail trail;
    private final Clock clock;

    OpenIdApi(
            OpenIdSignIn openId,
            SessionCookie cookies,
            Settings settings,
            Groups groups,
            ClientAddress clientAddress,
            Trail trail,
            Clock clock) {
        this.openId = openId;
        this.cookies = cookies;
        this.settings = settings;
        this.groups = groups;
        this.clientAddress = clientAddress;
        this.trail = trail;
        this.clock = clock;
    }

    /** Whether there is a provider, and its name for a button. */
    @Schema(name = "OpenIdOffer")
    record Offer(boolean enabled, String name) {}

    @Schema(name = "OpenIdLink")
    record Link(boolean linked) {}

    @Schema(name = "OpenIdDeparture")
    record Departure(String url) {}

    @GetMapping
    @Operation(summary = "Whether there is a provider to sign in at, and what it is called")
    Offer offer() {
        return new Offer(openId.offered(), openId.name());
    }

    @GetMapping("/login")
    @Operation(summary = "Sends the browser to the provider")
    @ApiResponse(responseCode = "302")
    Mono<ResponseEntity<Void>> depart(ServerHttpRequest request) {
        there();
        return openId.depart(null)
                .map(departure -> sent(departure.url())
                        .header(HttpHeaders.SET_COOKIE, journey(request, departure.cookie(), OpenIdSignIn.LENGTH))
                        .<Void>build())
                .defaultIfEmpty(sent("/#/overview?oidc=provider").build());
    }

    @GetMapping("/callback")
    @Operation(
            summary =
                    "Where the provider sends the browser back to: sets the session's cookie and sends it to the console")
    @ApiResponse(responseCode = "302")
    Mono<ResponseEntity<Void>> arrive(
            ServerHttpRequest request,
            @AuthenticationPrincipal @Nullable Operator operator,
            @RequestParam(required = false) @Nullable String code,
            @RequestParam(required = false) @Nullable String state) {
        there();
        InetAddress address = clientAddress.of(
                request.getRemoteAddress(), () -> request.getHeaders().getOrEmpty("X-Forwarded-For"));
        HttpCookie journey = request.getCookies().getFirst(JOURNEY);
        HttpCookie before = request.getCookies().getFirst(AdminSecurity.COOKIE);
        return openId.arrive(
                        code,
                        state,
                        journey == null ? null : journey.getValue(),
                        operator != null && operator.session() != null ? operator.user() : null,
                        before == null ? null : before.getValue(),
                        name -> RegistrationApi.draft(name, settings.now(), groups, clock.millis()),
                        action -> trail.by(action, address))
                .map(arrival -> answered(request, arrival)
                        .header(HttpHeaders.SET_COOKIE, journey(request, "", Duration.ZERO))
                        .build());
    }

    private ResponseEntity.BodyBuilder answered(ServerHttpRequest request, Arrival arrival) {
        return switch (arrival) {
            case OpenIdSignIn.SignedIn in ->
                sent("/#/overview?oidc=in")
                        .header(
                                HttpHeaders.SET_COOKIE,
                                cookies.of(request, in.begun().id().text(), Sessions.LENGTH));
            case OpenIdSignIn.Linked linked -> sent("/#/profile?oidc=linked");
            case OpenIdSignIn.Failed.NOT_LINKED -> sent("/#/profile?oidc=not_linked");
            case OpenIdSignIn.Failed failed ->
                sent("/#/overview?oidc=" + failed.name().toLowerCase(Locale.ROOT));
        };
    }

    @GetMapping("/link")
    @Operation(summary = "Whether one can sign in at the provider")
    Mono<Link> linked(@AuthenticationPrincipal Operator operator) {
        return openId.linked(operator.user().id()).map(Link::new);
    }

    @PostMapping("/link")
    @Operation(summary = "Answers with the address at which to prove who one is there, to sign in so from then on")
    Mono<ResponseEntity<Departure>> link(@AuthenticationPrincipal Operator operator, ServerHttpRequest request) {
        there();
        return openId.depart(operator.user().id())
                .map(departure -> ResponseEntity.ok()
                        .header(HttpHeaders.SET_COOKIE, journey(request, departure.cookie(), OpenIdSignIn.LENGTH))
                        .body(new Departure(departure.url())))
                .switchIfEmpty(Mono.error(() -> new Problems.ProviderAway()));
    }

    @DeleteMapping("/link")
    @Operation(summary = "From then on one signs in with the password alone")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    Mono<Void> unlink(@AuthenticationPrincipal Operator operator) {
        return openId.unlink(operator.user(), trail.as("identity_off", operator, UserApi.KIND));
    }

    private void there() {
        if (!openId.offered()) {
            throw new Problems.NotFound(
                    Objection.NO_PROVIDER, "There is no OpenID provider: SLUICE_OIDC_ISSUER is not set.");
        }
    }

    private static ResponseEntity.BodyBuilder sent(String url) {
        return ResponseEntity.status(HttpStatus.FOUND)
                .location(URI.create(url))
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    private String journey(ServerHttpRequest request, String value, Duration length) {
        return cookies.of(JOURNEY, HERE, request, value, length);
    }
}
