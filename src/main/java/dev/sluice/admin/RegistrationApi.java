package dev.sluice.admin;

import dev.sluice.access.ClientAddress;
import dev.sluice.access.Groups;
import dev.sluice.access.GuessThrottle;
import dev.sluice.access.Passwords;
import dev.sluice.access.Renewal;
import dev.sluice.access.Role;
import dev.sluice.access.User;
import dev.sluice.access.Users;
import dev.sluice.settings.GatewaySettings;
import dev.sluice.settings.Settings;
import dev.sluice.wire.Limits;
import dev.sluice.wire.Objection;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.net.InetAddress;
import java.net.URI;
import java.time.Clock;
import java.util.Set;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;

/** {@code /api/registrations}: strangers make themselves a user, where the settings allow it. */
@RestController
@RequestMapping("/api/registrations")
@Tag(name = "registrations", description = "Strangers make themselves a user, where the settings allow it")
final class RegistrationApi {
    private final Users users;
    private final Groups groups;
    private final Passwords passwords;
    private final Settings settings;
    private final ClientAddress clientAddress;
    private final Trail trail;
    private final Clock clock;
    private final GuessThrottle throttle;

    RegistrationApi(
            Users users,
            Groups groups,
            Passwords passwords,
            Settings settings,
            ClientAddress clientAddress,
            Trail trail,
            Clock clock) {
        this.users = users;
        this.groups = groups;
        this.passwords = passwords;
        this.settings = settings;
        this.clientAddress = clientAddress;
        this.trail = trail;
        this.clock = clock;
        this.throttle = new GuessThrottle(clock, "Too many registrations. Try again in a while.");
    }

    /** What a registration needs. */
    @Schema(name = "Registration")
    record Registration(
            @Schema(description = "1 to 64 letters, digits and . _ @ -", requiredMode = Schema.RequiredMode.REQUIRED)
            String username,

            @Schema(description = "8 characters to 72 bytes", requiredMode = Schema.RequiredMode.REQUIRED)
            String password) {}

    /** Whether there is any use in trying. */
    @Schema(name = "RegistrationOffer")
    record Offer(boolean open) {}

    @GetMapping
    @Operation(summary = "Whether registration is on")
    Offer offer() {
        return new Offer(settings.now().registration());
    }

    @PostMapping(consumes = "application/json")
    @Operation(
            summary = "Makes oneself a user; 403 where registration is off",
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            content = @Content(schema = @Schema(implementation = Registration.class))))
    @ResponseStatus(HttpStatus.CREATED)
    Mono<ResponseEntity<UserApi.View>> register(ServerHttpRequest request, @RequestBody byte[] body) {
        GatewaySettings now = settings.now();
        if (!now.registration()) {
            throw new Forbidden(
                    Objection.REGISTRATION_OFF, "Registration is off. Ask whoever runs this gateway for a user.");
        }
        Fields fields = Fields.read(body, Fields.JSON.createObjectNode(), Set.of("username", "password"), Set.of());
        String username = UserApi.username(fields);
        String password = UserApi.password(fields);
        if (password == null) {
            fields.fault("password", Rule.PASSWORD, "absent (expected: 8 characters or more)");
        }
        fields.check();
        InetAddress address = clientAddress.of(
                request.getRemoteAddress(), () -> request.getHeaders().getOrEmpty("X-Forwarded-For"));
        throttle.attempt(username, address); // each costs a password's hash, and makes a user
        User draft = draft(username, now, groups, clock.millis());
        return passwords
                .hash(String.valueOf(password))
                .flatMap(hash -> users.create(draft, hash, trail.by("register", address)))
                .map(user -> ResponseEntity.created(URI.create("/api/users/" + user.id()))
                        .body(UserApi.View.of(user, clock.millis())));
    }

    /** Whoever makes itself a user, here or at an OpenID provider. */
    static User draft(String username, GatewaySettings now, Groups groups, long at) {
        String group = groups.find(now.registrationGroup()) == null ? Groups.DEFAULT : now.registrationGroup();
        return new User(
                0,
                username,
                username,
                Role.USER,
                group,
                true,
                now.registrationQuotaNanos(),
                0,
                Renewal.NEVER,
                Limits.NONE,
                at,
                at);
    }
}
