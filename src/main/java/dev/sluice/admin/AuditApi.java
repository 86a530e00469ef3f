package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.audit.Audit;
import dev.sluice.audit.AuditEntry;
import dev.sluice.database.Where;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import tools.jackson.core.type.TypeReference;

/** {@code /api/audit}: who changed what, when, from where; read only. */
@RestController
@RequestMapping("/api/audit")
@Tag(name = "audit", description = "Who changed what, when, from where")
final class AuditApi {
    private static final TypeReference<List<Change>> CHANGES = new TypeReference<>() {};

    private final Audit audit;

    AuditApi(Audit audit) {
        this.audit = audit;
    }

    /** One field that changed. Of a secret only the name is there. */
    @Schema(name = "Change")
    record Change(
            String field, @Nullable Object from, @Nullable Object to) {}

    /** A change as the API shows it. */
    @Schema(name = "AuditEntry")
    record View(
            long id,
            Instant at,

            @Schema(description = "Who") @JsonProperty("user_id")
            long userId,

            @Schema(description = "The user's name at the time")
            String username,

            @Schema(
                    description = "What the user signed in with",
                    allowableValues = {"session", "access_token", "admin_token"})
            String means,

            @Schema(description = "From where") @JsonProperty("client_ip")
            String clientIp,

            @Schema(description = "create, update, delete, credit, redeem, sign_in, sign_out")
            String action,

            @Schema(description = "Such as channel") String resource,
            @JsonProperty("resource_id") String resourceId,
            List<Change> changes) {
        static View of(AuditEntry entry) {
            return new View(
                    entry.id(),
                    Views.time(entry.at()),
                    entry.userId(),
                    entry.username(),
                    entry.means(),
                    entry.clientIp(),
                    entry.action(),
                    entry.resource(),
                    entry.resourceId(),
                    Fields.JSON.readValue(entry.changes(), CHANGES));
        }
    }

    @GetMapping
    @Listed({"user_id", "username", "action", "resource", "resource_id", "client_ip", "from", "to"})
    @Operation(
            summary = "Changes, newest first. Filters: user_id, username (with *), action, resource, resource_id,"
                    + " client_ip, from, to")
    Mono<Page.Of<View>> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page =
                Page.of(query, "user_id", "username", "action", "resource", "resource_id", "client_ip", "from", "to");
        Where where = new Where()
                .equal("user_id", page.number("user_id"))
                .like("username", page.text("username"))
                .equal("action_name", page.text("action"))
                .equal("resource", page.text("resource"))
                .equal("resource_id", page.text("resource_id"))
                .equal("client_ip", page.text("client_ip"))
                .atLeast("changed_at", page.from("from"))
                .below("changed_at", page.to("to"))
                .below("id", page.afterId());
        return page.of(audit.list(where, page.limit() + 1), entry -> Long.toString(entry.id()), View::of);
    }
}
