import "@mantine/core/styles/UnstyledButton.css";
import "@mantine/core/styles/Button.css";
import "@mantine/core/styles/ActionIcon.css";
import "@mantine/core/styles/Loader.css";
import "@mantine/core/styles/Input.css";
import "@mantine/core/styles/InlineInput.css";
import "@mantine/core/styles/PasswordInput.css";
import "@mantine/core/styles/Checkbox.css";
import "@mantine/core/styles/CloseButton.css";
import "@mantine/core/styles/Paper.css";
import "@mantine/core/styles/Overlay.css";
import "@mantine/core/styles/ModalBase.css";
import "@mantine/core/styles/Modal.css";
import "./tokens.css";
import "./app.css";
import { createTheme, MantineProvider } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem";
import { onSession, sessionState } from "./api/session";
import { Gate } from "./auth/Gate";
import { effectsOn } from "./live/effects";
import { rereadFailed } from "./live/failed";
import { Live } from "./live/live";
import { LiveContext } from "./live/react";
import { router } from "./router";
import { useTheme } from "./shell/theme";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Views follow their streams. Reading again on focus or at intervals would only hide a gap.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      networkMode: "always",
      staleTime: 2000,
      retry: (failures, error) => error instanceof Problem && (error.status === 0 || error.status === 503) && failures < 2,
    },
    mutations: { networkMode: "always" },
  },
});
const live = new Live(effectsOn(client));
rereadFailed(client, live);

// Runs before React is notified, so that what one person has read is never shown to another, and is read again after a gap.
let reader: string | null = null;
let isGap = false;
onSession(() => {
  const { session, lost } = sessionState();
  const user = session?.user.id ?? null;
  if (user === null ? !lost : reader !== null && reader !== user) client.clear();
  if (user === null) isGap = true;
  else if (isGap) {
    isGap = false;
    void client.invalidateQueries();
  }
  reader = user ?? reader;
});

const theme = createTheme({
  primaryColor: "blue",
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    // The content security policy refuses the style that would stop the page behind a dialog from scrolling.
    // Dialogs are rendered inside the page, so that they disappear with it when nobody is signed in any more.
    Modal: { defaultProps: { lockScroll: false, withinPortal: false, closeButtonProps: { "aria-label": "Close" } } },
    // Optional fields say that they are optional, so required ones need no mark.
    InputWrapper: { defaultProps: { withAsterisk: false } },
    NativeSelect: { defaultProps: { rightSection: <IconChevronDown size={16} aria-hidden />, rightSectionPointerEvents: "none" } },
  },
});

function App() {
  const shown = useTheme();
  return (
    // Mantine's own style elements are switched off, because the content security policy refuses them. See tokens.css.
    <MantineProvider theme={theme} forceColorScheme={shown} withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={client}>
        <LiveContext value={live}>
          <Gate>
            <RouterProvider router={router} />
          </Gate>
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no element with the id root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
