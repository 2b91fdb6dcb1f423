/** The interactive documentation: the viewer, shown what the service says of its routes. */

// @ts-expect-error the viewer brings no types, and is no module
globalThis.SwaggerUIBundle({ url: "openapi.json", dom_id: "#viewer", deepLinking: true });
