# JupyterLab as `tunebook lab` starts it. Written anew when it differs.
import os
import signal
import threading

c = get_config()  # noqa: F821

# Open quickly, ask nobody on the network.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"

# custom/custom.css beside this file: charts fit their cell.
c.LabApp.custom_css = True

# Searching for language servers runs npm; the kernel completes by itself.
c.LanguageServerManager.autodetect = False

c.ServerApp.base_url = "/"
c.ServerApp.open_browser = False
c.MultiKernelManager.default_kernel_name = "tunebook"


def stop_with_the_program_that_started_us():
    # Standard input is a pipe from that program. It is never written to, so reading ends when the program has ended.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=stop_with_the_program_that_started_us, daemon=True).start()
