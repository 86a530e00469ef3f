package dev.sluice.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.sluice.vendor.CatalogEntry;
import dev.sluice.vendor.Vendors;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** {@code /api/vendors}: the catalog. */
@RestController
@RequestMapping("/api/vendors")
@Tag(name = "vendors", description = "The catalog of vendors that channels can be of")
final class VendorApi {
    private final Vendors vendors;

    VendorApi(Vendors vendors) {
        this.vendors = vendors;
    }

    /** A vendor as the API shows it. */
    @Schema(name = "Vendor")
    record View(
            String id,
            String name,
            @JsonProperty("base_url") @Nullable String baseUrl,
            String wire,
            String auth,
            List<String> options,
            List<String> models,

            @Schema(description = "Whether it tells what is left of an account: POST /api/channels/{id}/balance")
            boolean balance) {
        static View of(CatalogEntry entry) {
            return new View(
                    entry.id(),
                    entry.name(),
                    entry.baseUrl(),
                    entry.wire(),
                    entry.auth(),
                    entry.options(),
                    entry.models(),
                    entry.balance() != null);
        }
    }

    @GetMapping
    @Listed({})
    @Operation(summary = "The vendors, in the catalog's order; without limit and cursor, all of them")
    Page.Of<View> list(@Parameter(hidden = true) @RequestParam MultiValueMap<String, String> query) {
        Page page = Page.of(query);
        List<View> all = vendors.all().stream().map(View::of).toList();
        return query.containsKey("limit") || query.containsKey("cursor")
                ? page.of(all, View::id)
                : new Page.Of<>(all, null); // whoever chooses a vendor chooses among all of them
    }

    @GetMapping("/{id}")
    @Operation(summary = "One vendor")
    View get(@PathVariable String id) {
        CatalogEntry entry = vendors.find(id);
        if (entry == null) {
            throw new Problems.NotFound("There is no such vendor.");
        }
        return View.of(entry);
    }
}
